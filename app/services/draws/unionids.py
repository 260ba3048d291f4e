"""Two staff numbers of one WeChat user (his unionid is bound to both) are one person, known by the lower id.

Silent sign-in gives no unionid: nothing depends on there being one. Bindings made after the close change nothing.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.models import Draw, WeChatIdentity
from app.services.pages import Query


def persons(session: Session, draw: Draw | None, person_id: int) -> list[int]:
    """Everybody he is (in this draw), the lowest id first: it names his entry."""
    known, found = set[int](), {person_id}
    while found > known:
        known = set(found)
        his = select(WeChatIdentity.unionid).where(WeChatIdentity.person_id.in_(known), *_bound(draw))
        same = select(WeChatIdentity.person_id).where(WeChatIdentity.unionid.in_(his), *_bound(draw)).distinct()
        found |= {one for one in session.scalars(same) if one is not None}
    return sorted(found)


def doubles(session: Session, draw: Draw) -> dict[int, int]:
    """Each person who is known by a lower id, and that id."""
    shared = (
        select(WeChatIdentity.unionid)
        .where(*_bound(draw))
        .group_by(WeChatIdentity.unionid)
        .having(func.min(WeChatIdentity.person_id) < func.max(WeChatIdentity.person_id))
    )
    pairs: Query = select(WeChatIdentity.unionid, WeChatIdentity.person_id).where(
        WeChatIdentity.unionid.in_(shared), *_bound(draw)
    )
    groups: dict[str, list[int]] = {}
    for unionid, person_id in session.execute(pairs):
        groups.setdefault(unionid, []).append(person_id)
    return _lowest(groups.values())


def _lowest(groups: Iterable[list[int]]) -> dict[int, int]:
    """Groups that share a member are one."""
    lowest: dict[int, int] = {}

    def of(one: int) -> int:
        while (lower := lowest.get(one, one)) != one:
            one = lower
        return one

    for group in groups:
        roots = sorted(map(of, group))
        lowest |= dict.fromkeys(roots[1:], roots[0])
    return {one: of(one) for one in lowest if of(one) != one}


def _bound(draw: Draw | None) -> tuple[ColumnElement[bool], ...]:
    known = WeChatIdentity.unionid.is_not(None), WeChatIdentity.person_id.is_not(None)
    in_time = or_(WeChatIdentity.bound_at.is_(None), WeChatIdentity.bound_at <= draw.closes) if draw else None
    return known if in_time is None else (*known, in_time)
