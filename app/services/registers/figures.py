"""What a register comes to under a contract between two days: for the quarter's sheet, and for whoever reads it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models import Employment, RegisterEntry, RegisterRecord
from config.registers import registers


@dataclass(frozen=True)
class Figures:
    """`due`: planned for these days; of these `done` (by the last of them) and `in_time` (by their own day).

    `dated`: happened in these days, whatever was planned; over those `numbers` are the sums of each number that was
    written down, and `choices` say how often each code was chosen. What costs points counts once a second person has
    confirmed it; `waiting` says how many are left out for that. Void ones never count. `records`: the ids behind it.
    """

    due: int = 0
    completed: int = 0
    in_time: int = 0
    dated: int = 0
    waiting: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    records: tuple[int, ...] = ()


def figures(
    session: Session, kind: str, contract_id: int, first: date, last: date, *, only: Mapping[str, str] | None = None
) -> Figures:
    """Of the records of a kind under that contract; `only` names codes they have (`{"what": "test"}`).

    Plans done: done / due. On time: in_time / due. Shares: two of `numbers` (passed / checked). Events: dated, or one
    of `choices`. Spare parts have `numbers` of their counts: counted, matched.
    """
    register = registers()[kind]
    planned = RegisterRecord.due_on.between(first, last)
    happened = RegisterRecord.done_on.between(first, last)
    rows = session.scalars(
        select(RegisterRecord)
        .where(
            RegisterRecord.kind == kind,
            RegisterRecord.contract_id == contract_id,
            RegisterRecord.void.is_(False),
            or_(planned, happened) if not register.stock else RegisterRecord.stock.is_not(None),
        )
        .order_by(RegisterRecord.id)
    ).all()
    rows = [one for one in rows if all(one.data.get(name) == code for name, code in (only or {}).items())]
    counted = [one for one in rows if not register.second or one.confirmed_at is not None]
    if register.stock:
        return _counts(session, counted, first, last)
    due = [one for one in counted if one.due_on is not None and first <= one.due_on <= last]
    done = [one for one in due if one.done_on is not None and one.done_on <= last]
    in_time = [one for one in due if one.done_on is not None and one.due_on is not None and one.done_on <= one.due_on]
    dated = [one for one in counted if one.done_on is not None and first <= one.done_on <= last]
    numbers, choices = Counter[str](), dict[str, Counter[str]]()
    for one in dated:
        for name, value in one.data.items():
            if isinstance(value, int):
                numbers[name] += value
            else:
                choices.setdefault(name, Counter())[str(value)] += 1
    return Figures(
        due=len(due),
        completed=len(done),
        in_time=len(in_time),
        dated=len(dated),
        waiting=len(rows) - len(counted),
        numbers=dict(numbers),
        choices={name: dict(found) for name, found in choices.items()},
        records=tuple(one.id for one in counted),
    )


def reviewed(session: Session, kind: str, contract_id: int, last: date) -> Figures:
    """Of what stands: `due` so many on that day, `done` those whose next review is not over by then.

    A record of no contract is of every one.
    """
    query = select(RegisterRecord).where(
        RegisterRecord.kind == kind,
        or_(RegisterRecord.contract_id == contract_id, RegisterRecord.contract_id.is_(None)),
        RegisterRecord.closed.is_(False),
    )
    rows = [one for one in session.scalars(query.order_by(RegisterRecord.id)) if one.created_at.date() <= last]
    done = [one for one in rows if one.due_on is None or one.due_on >= last]
    return Figures(due=len(rows), completed=len(done), records=tuple(one.id for one in rows))


def _counts(session: Session, records: list[RegisterRecord], first: date, last: date) -> Figures:
    """How often the hospital counted parts in these days, and how often the book was right.

    What the provider counts of its own is its own word: it moves the book, and nothing here.
    """
    ids = [one.id for one in records]
    theirs = select(Employment.id).where(
        Employment.person_id == RegisterEntry.by_id,
        Employment.provider_id.is_not(None),
        Employment.in_force(last),
    )
    counted = and_(RegisterEntry.kind == "moved", RegisterEntry.record_id.in_(ids), ~theirs.exists())
    entries = session.scalars(select(RegisterEntry).where(counted).order_by(RegisterEntry.id)).all()
    counts = [
        one
        for one in entries
        if one.data.get("movement") == "counted" and first <= date.fromisoformat(one.data["day"]) <= last
    ]
    matched = [one for one in counts if one.change == 0]
    return Figures(
        dated=len(counts),
        numbers={"counted": len(counts), "matched": len(matched)},
        records=tuple(sorted({one.record_id for one in counts})),
    )
