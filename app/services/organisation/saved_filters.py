"""The conditions of a console list, kept under a name by whoever uses them: their own, and no more than a few."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.db import upsert
from app.errors import Refused
from app.models import SavedFilter

PAGES = ("tickets", "ratings", "people")
NAME_MOST, QUERY_MOST, MOST = 40, 1_000, 20
PASSING = frozenset({"after", "as"})  # where one was in the list, and that it was wanted as a file


def of_page(session: Session, person_id: int, page: str) -> Sequence[SavedFilter]:
    """By name."""
    own = select(SavedFilter).where(SavedFilter.person_id == person_id, SavedFilter.page == page)
    return session.scalars(own.order_by(SavedFilter.name)).all()


def save(session: Session, person_id: int, *, page: str, name: str, query: str, at: datetime) -> str:
    """Keep the conditions of a list's address, in place of what had this name; returns them. Raises Refused."""
    conditions = [(key, value) for key, value in parse_qsl(query) if key not in PASSING]
    kept = urlencode(conditions)
    if page not in PAGES or not conditions or len(kept) > QUERY_MOST:
        raise Refused("filter_empty")
    if not name or len(name) > NAME_MOST:
        raise Refused("filter_name", most=NAME_MOST)
    others = select(func.count()).where(
        SavedFilter.person_id == person_id, SavedFilter.page == page, SavedFilter.name != name
    )
    if (session.scalar(others) or 0) >= MOST:
        raise Refused("filters_enough", most=MOST)
    row = {"person_id": person_id, "page": page, "name": name, "query": kept, "at": at}
    key = ["person_id", "page", "name"]
    session.execute(upsert(session, SavedFilter).values(row).on_conflict_do_update(key, set_={"query": kept, "at": at}))
    return kept


def remove(session: Session, person_id: int, filter_id: int) -> None:
    """Nothing where it is gone, or is another's."""
    session.execute(delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.person_id == person_id))
