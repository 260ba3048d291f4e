"""What the mini-program is answered."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.services.tickets.scan import View

Moment = AwareDatetime


class ResponseModel(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(BaseModel):
    """Branch by `code`, show `detail`. The facts of a refusal stand beside these."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str


class Session(ResponseModel):
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 no secret
    access_token: str
    expires_in: int = Field(description="Seconds")
    refresh_token: str = Field(description="Good for one POST /sessions/refresh; a second one ends the session")
    refresh_expires_in: int
    bound: bool
    privacy_accepted: bool


class Notice(ResponseModel):
    version: str
    accepted: bool


class Me(ResponseModel):
    bound: bool
    name: str | None
    staff_number: str | None
    roles: list[str]
    privacy: Notice
    hospital: str
    hotline: str = Field(description="The hospital's supervision line")
    service_line: str = Field(description="The provider's service line")


class PhoneProof(ResponseModel):
    phone_proof: str
    expires_in: int


class Bound(ResponseModel):
    outcome: Literal["bound", "claimed"] = Field(
        description="claimed: this number or this WeChat was bound before, it is looked into"
    )


class Step(ResponseModel):
    state: str
    label: str
    at: Moment | None


class Due(ResponseModel):
    limit: str
    label: str
    at: Moment


class WaitsFor(ResponseModel):
    reason: str
    label: str
    until: Moment | None


class Coming(ResponseModel):
    """Who comes, by when, and what it waits for; `lead` is empty while somebody is being found."""

    lead: str
    post: str
    portrait: str | None = Field(description="Address of their picture, where they agreed to it")
    due: Due | None
    waits_for: WaitsFor | None


class UrgeAnswer(ResponseModel):
    code: str
    label: str
    at: Moment
    by: str


class Answer(ResponseModel):
    level: int
    first_level: int
    at: Moment
    mine: bool
    counted: bool
    corrected: bool
    detailed: bool


class Earlier(ResponseModel):
    level: int
    at: Moment


class Choice(ResponseModel):
    code: str
    label: str


class Choices(ResponseModel):
    reasons: list[Choice]
    qualities: list[Choice]
    touchpoints: list[Choice]


class Complaint(ResponseModel):
    # The row's number would tell how many others there are.
    id: int = Field(validation_alias="place", description="Which of one's own about this ticket: 1, 2, ...")
    text: str
    at: Moment
    state: Literal["open", "answered"]
    answer: str
    answered_at: Moment | None


Act = Literal["rate", "detail", "correction", "still-broken", "urge", "complaint"]


class Scan(ResponseModel):
    """A ticket for whoever scanned it; `acts` are what they may do now, each with this `form`."""

    view: View
    acts: list[Act]
    form: str
    number: str
    state: str
    category: str
    reported_at: Moment
    finished_at: Moment | None
    verified: bool
    window_days: int
    steps: list[Step]
    words: str = Field(description="What was reported, for who reported it or was served")
    coming: Coming | None = Field(description="While it is open")
    urged_at: Moment | None
    urge_again_at: Moment | None = Field(description="Until then it was just urged")
    urge_answer: UrgeAnswer | None = Field(description="What was last said to who urged")
    still_broken_at: Moment | None
    answer: Answer | None
    earlier: Earlier | None
    choices: Choices | None
    complaints: list[Complaint]


class Waiting(ResponseModel):
    token: str
    number: str
    category: str
    finished_at: Moment


class Ward(ResponseModel):
    name: str
    member: bool
    days: int
    waiting: list[Waiting]


class Category(ResponseModel):
    id: int
    name: str
    heading: str


class Categories(ResponseModel):
    categories: list[Category]


class TicketLine(ResponseModel):
    number: str
    token: str = Field(description="For /scan/{token}")
    state: str
    category: str
    reported_at: Moment
    steps: list[Step]


class Tickets(ResponseModel):
    tickets: list[TicketLine]


class Photo(ResponseModel):
    id: int


class Ticket(TicketLine):
    description: str
    location: str
    photos: list[Photo]
    complaints: list[Complaint]


class Incident(ResponseModel):
    id: int
    title: str
    opened_at: Moment


class Incidents(ResponseModel):
    incidents: list[Incident]


class Template(ResponseModel):
    template_id: str
    titles: list[str] = Field(description="Of the notices it carries")
    credits: int
    refused: bool


class Subscriptions(ResponseModel):
    """`counted`: whether consents are counted by WeChat's push, or by what the page reports."""

    counted: Literal["push", "report"]
    templates: list[Template]
