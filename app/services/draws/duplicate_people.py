"""Two staff numbers of one WeChat user (the unionid is bound to both, or has rated as both) are one person.

The person is known by the lower id. Silent sign-in gives no unionid: nothing depends on there being one. Who is one
person is written down with the first list: what is bound after the close, or learned after that list, changes nothing.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, insert, or_, select, true, union
from sqlalchemy.orm import Session

from app.models import CountedRating, Draw, DrawDouble, Rating, WeChatIdentity
from app.pagination import Query
from app.services.draws import published_files


def persons(session: Session, draw: Draw | None, person_id: int) -> list[int]:
    """All ids of this person (in this draw), the lowest first: the entry is made from it."""
    if draw and _settled(session, draw):
        return _kept(session, draw, person_id)
    links, known, found = _links(draw), set[int](), {person_id}
    while found > known:
        known, unionids = set(found), set[str]()
        for link in links:
            unionid, person = link.selected_columns
            unionids.update(session.scalars(link.with_only_columns(unionid).where(person.in_(known))))
        for link in links:
            unionid, person = link.selected_columns
            found.update(session.scalars(link.with_only_columns(person).where(unionid.in_(unionids)).distinct()))
    return sorted(found)


def doubles(session: Session, draw: Draw) -> dict[int, int]:
    """Each person who is known by a lower id, and that id."""
    if _settled(session, draw):
        kept = select(DrawDouble).where(DrawDouble.draw_id == draw.id)
        return {one.person_id: one.one_id for one in session.scalars(kept)}
    links = union(*_links(draw)).subquery()
    shared = select(links.c.unionid).group_by(links.c.unionid).having(func.min(links.c.whose) < func.max(links.c.whose))
    groups: dict[str, list[int]] = {}
    for unionid, person_id in session.execute(select(links).where(links.c.unionid.in_(shared))):
        groups.setdefault(unionid, []).append(person_id)
    return _lowest(groups.values())


def store(session: Session, draw: Draw, found: Mapping[int, int]) -> None:
    """Written with the first list, in one transaction with it."""
    rows = [{"draw_id": draw.id, "person_id": person, "one_id": one} for person, one in found.items()]
    if rows:
        session.execute(insert(DrawDouble), rows)


def _settled(session: Session, draw: Draw) -> bool:
    return published_files.find(session, draw, "commit-1.json") is not None


def _kept(session: Session, draw: Draw, person_id: int) -> list[int]:
    lowest = select(DrawDouble.one_id).where(DrawDouble.draw_id == draw.id, DrawDouble.person_id == person_id)
    one = session.scalar(lowest) or person_id
    others = select(DrawDouble.person_id).where(DrawDouble.draw_id == draw.id, DrawDouble.one_id == one)
    return sorted({one, *session.scalars(others)})


def _links(draw: Draw | None) -> list[Query]:
    """Where a unionid and a person meet: in a binding, and in the ratings, which stay when the phone is unbound."""
    in_time = or_(WeChatIdentity.bound_at.is_(None), WeChatIdentity.bound_at <= draw.closes) if draw else true()
    bound: Query = select(WeChatIdentity.unionid, WeChatIdentity.person_id.label("whose")).where(
        WeChatIdentity.unionid.is_not(None), WeChatIdentity.person_id.is_not(None), in_time
    )
    if draw is None:
        return [bound]
    rated: Query = (
        select(WeChatIdentity.unionid, CountedRating.person_id.label("whose"))
        .select_from(Rating)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .join(WeChatIdentity, WeChatIdentity.id == Rating.identity_id)
        .where(WeChatIdentity.unionid.is_not(None), CountedRating.person_id.is_not(None))
        .where(Rating.at >= draw.opens, Rating.at <= draw.closes)
    )
    return [bound, rated]


def _lowest(groups: Iterable[list[int]]) -> dict[int, int]:
    """Groups that share a member are one."""
    lowest: dict[int, int] = {}

    def root(one: int) -> int:
        while (lower := lowest.get(one, one)) != one:
            one = lower
        return one

    for group in groups:
        roots = sorted(map(root, group))
        lowest |= dict.fromkeys(roots[1:], roots[0])
    return {one: root(one) for one in lowest if root(one) != one}
