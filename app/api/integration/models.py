"""What other systems send and are answered. Codes and numbers as both sides know them, never our ids."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.api.mini.requests import LineEnds, RequestModel
from app.api.mini.responses import Moment, ResponseModel
from app.services.tickets.requester import LOCATION_MOST

_SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Description = Annotated[str, LineEnds, StringConstraints(pattern=_SOMETHING, max_length=2000)]
Code = Annotated[str, StringConstraints(pattern=r"^[^\x00\s]{1,64}$")]
AlarmKey = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,128}$")]
Priority = Annotated[int, Field(ge=1, le=4, description="1 is the most urgent")]
Location = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LOCATION_MOST)]


class About(RequestModel):
    description: Description
    category: Code | None = Field(None, description="Code of the service catalogue")
    department: Code | None = Field(None, description="Code of the department; else the requester's")
    place: Code | None = Field(None, description="Code of the room")
    location: Location = ""
    priority: Priority = 3


class SystemReport(About):
    source: Literal["phone", "walk_in", "desk", "inspection"] = "desk"
    requester: Code | None = Field(None, description="Staff number; the person is served and may rate")


class SystemAlarm(About):
    key: AlarmKey = Field(description="The same for the same fault: while its ticket is open, no second one is made")
    state: Literal["firing", "resolved"] = "firing"


class SystemCorrection(RequestModel):
    """What is left out stays as it is."""

    category: Code | None = None
    department: Code | None = None
    place: Code | None = None
    priority: Priority | None = None


class SystemAct(RequestModel):
    pass


class SystemTicket(ResponseModel):
    number: str
    state: str
    cycle: int
    source: str
    priority: int
    category: str | None
    department: str | None
    reported_at: Moment
    due_at: Moment | None
    finished_at: Moment | None
    url: str = Field(description="What its code says")


class SystemTickets(ResponseModel):
    tickets: list[SystemTicket]
    after: str | None = Field(description="Continues the list; null at its end")


class AlarmTicket(ResponseModel):
    ticket: SystemTicket | None = Field(description="Null where nothing was open about a resolved alarm")
    new: bool
    count: int
