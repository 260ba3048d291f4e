"""What the mini-program sends. What is not named here is refused, and no value is guessed from another type."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.http.forms import line_ends
from app.services.cases.complaints import LONGEST as COMPLAINT_MOST
from app.services.ratings.detail import COMMENT_MOST
from app.services.tickets.requester import DESCRIPTION_MOST, LOCATION_MOST

# PostgreSQL cannot keep a NUL, and nobody types one.
LineEnds = BeforeValidator(line_ends)  # one character each, as everywhere
_NO_NUL = r"^[^\x00]*$"
_SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"

Code = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,512}$")]
Short = Annotated[str, StringConstraints(pattern=_SOMETHING, max_length=64)]
Choice = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
Mark = Annotated[int, Field(ge=1, le=5)]
Level = Annotated[int, Field(ge=1, le=5, description="5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意")]
Form = Annotated[Code, Field(description="The `form` of the ticket as this session last read it")]


class RequestModel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SignIn(RequestModel):
    code: Code = Field(description="Of wx.login()")


class Refresh(RequestModel):
    refresh_token: Code


class Privacy(RequestModel):
    version: Short = Field(description="The version of the notice that was shown, as GET /me names it")


class PhoneCode(RequestModel):
    code: Code = Field(description="Of the button open-type=getPhoneNumber")


class Binding(RequestModel):
    staff_number: Short
    name: Short
    last_four: Annotated[str, StringConstraints(pattern="^[0-9]{4}$")] | None = None
    phone_proof: Code | None = Field(None, description="Of POST /phone, instead of the last four digits")


class Nothing(RequestModel):
    """A tap, and no more."""


class FormOnly(RequestModel):
    form: Form


class Details(RequestModel):
    reasons: list[Choice] = Field([], max_length=20)
    quality: dict[Choice, Mark] = Field({}, max_length=20)
    faces: dict[Choice, Mark] = Field({}, max_length=20)
    comment: Annotated[str, LineEnds, StringConstraints(pattern=_NO_NUL, max_length=COMMENT_MOST)] = ""
    praise: bool = Field(False, description="Tell the engineer, once the hospital has read it")
    signed: bool = Field(False, description="With the praise: show my name and ward to the engineer")
    public: bool = Field(False, description="With the praise: it may hang on the wall of praise, for all to read")
    pressed: bool = Field(False, description="Somebody wanted me to change my rating; only the hospital sees this")


class DetailForm(Details):
    form: Form


class RatingForm(RequestModel):
    form: Form
    level: Level
    detail: Details | None = None


class CorrectionForm(RequestModel):
    form: Form
    level: Level


class Fault(RequestModel):
    description: Annotated[str, LineEnds, StringConstraints(pattern=_SOMETHING, max_length=DESCRIPTION_MOST)]
    location: Annotated[str, StringConstraints(pattern=_NO_NUL, max_length=LOCATION_MOST)] = ""
    category_id: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = Field(None, description="One of GET /categories")


class ComplaintForm(RequestModel):
    text: Annotated[str, LineEnds, StringConstraints(pattern=_SOMETHING, max_length=COMPLAINT_MOST)]


class Consents(RequestModel):
    """What wx.requestSubscribeMessage answered, by template."""

    results: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")],
        Literal["accept", "acceptWithAudio", "acceptWithAlert", "reject", "ban", "filter"],
    ] = Field(min_length=1, max_length=5)
