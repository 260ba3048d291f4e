"""What a roster row does to somebody's employment. A stretch of work is closed, never rewritten."""

from datetime import date, timedelta

from app.models import Employment
from app.services.imports.roster.workplaces import Workplace

A_DAY = timedelta(days=1)
NOTHING, OPEN, END, REPLACE, MOVE = "", "open", "end", "replace", "move"
LEAVE = "leave"  # stands in the whole roster no longer


class OutOfOrder(ValueError):
    """The row begins or ends before the stretch it is about began (on `begun`)."""

    def __init__(self, ours: str, value: date, begun: date) -> None:
        super().__init__(ours)
        self.ours, self.value, self.begun = ours, value, begun


def move(present: Employment | None, job: Workplace, start: date, end: date | None) -> str:
    """Which of the moves leads from the latest employment to this job; raises OutOfOrder."""
    kind = _kind(present, job, start, end)
    begun = present.valid_from if present and kind == END else start
    if kind and end is not None and end < begun:
        raise OutOfOrder("valid_to", end, begun)
    return kind


def make(
    kind: str, person_id: int, present: Employment | None, job: Workplace, start: date, end: date | None
) -> Employment:
    """Carry the move out on `present`; the answer is the employment now in force."""
    if present is not None and kind == MOVE:
        present.valid_to = start - A_DAY
    if present is None or kind in {OPEN, MOVE}:
        return Employment(person_id=person_id, valid_from=start, valid_to=end, **vars(job))
    present.valid_to = end
    if kind == REPLACE:  # corrected on the very day it began
        for name, value in vars(job).items():
            setattr(present, name, value)
    return present


def _kind(present: Employment | None, job: Workplace, start: date, end: date | None) -> str:
    if present is None:
        return OPEN
    same = job == Workplace(present.department_id, present.provider_id, present.team_id, present.post_id)
    if same and present.valid_to == end:
        return NOTHING
    if not present.lasts(start):
        return OPEN
    if same:
        return END
    if start < present.valid_from:
        raise OutOfOrder("valid_from", start, present.valid_from)
    return REPLACE if start == present.valid_from else MOVE
