"""The announcement: checked by the public verifier itself, written once, locked at once."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Draw, DrawCommittee, DrawSecret, Person
from app.services.draws import events, keys, published_files
from app.services.draws.published_files import ANNOUNCEMENT, Fields
from app.services.organisation import employment
from lottery import files as forms
from lottery import rule
from lottery.sources import BEACON
from lottery.verify import verify

LAST_DAYS = timedelta(days=7)  # of the period: by then everybody has to know
TO_COMMIT = timedelta(hours=1)  # after the close: the worker may have been away
TO_OBJECT = TO_CLAIM = timedelta(hours=24)
MOST = 9  # of a committee: each of them could have had a chance, and is left out
ABLE = frozenset({"supervisor", "admin"})  # who can enter numbers and claims at the console
OURS = ("scheme", "key_commitment", "operator_key")  # not for a draft to say


@dataclass(frozen=True)
class Draft:
    """A draw as somebody wants it.

    `fields` has the announcement's keys but OURS. Only draws of the demo are `rehearsed`: they take from the same
    ratings again and again.
    """

    fields: Fields
    committee: Sequence[int]
    secret: keys.Secret = field(default_factory=keys.make)
    rehearsed: bool = False


def announce(session: Session, draft: Draft, *, tenant: str, zone: ZoneInfo, by: int, at: datetime) -> Draw:
    """Lock a draw; raises Refused with the reason."""
    announced = ready(session, draft, zone=zone, by=by, at=at)
    made = draft.secret
    opens, closes = published_files.when(announced, "opens"), published_files.when(announced, "closes")
    draw = Draw(
        draw_id=announced["draw_id"],
        pid_prefix=f"{tenant}:emp:",
        announcement_sha256=sha256(published_files.to_bytes(announced)).hexdigest(),
        opens=opens,
        closes=closes,
        announced_at=at,
        announced_by_id=by,
    )
    session.add(draw)
    session.flush()
    session.execute(insert(DrawSecret).values(draw_id=draw.id, key=made.key, signing_key=made.signing_key))
    session.execute(
        insert(DrawCommittee), [{"draw_id": draw.id, "person_id": one} for one in sorted(set(draft.committee))]
    )
    published_files.write_json(session, draw, ANNOUNCEMENT, announced, forms.ANNOUNCEMENT, secret=made, at=at)
    events.record(session, draw, "announced", by=by, at=at, sha256=draw.announcement_sha256)
    return draw


def ready(session: Session, draft: Draft, *, zone: ZoneInfo, by: int, at: datetime) -> Fields:
    """The announcement as it would be locked now; raises Refused with the reason why it would not be."""
    check_admin(session, by, at=at)
    if extra := [key for key in OURS if key in draft.fields]:
        raise Refused("draft_says_ours", key=extra[0])
    announced = _in_order({**draft.fields, "scheme": rule.SCHEME, **_keys(draft.secret)})
    check(announced)
    opens, closes = published_files.when(announced, "opens"), published_files.when(announced, "closes")
    if at > closes - LAST_DAYS:
        raise Refused("announced_late", until=(closes - LAST_DAYS).astimezone(zone).strftime("%Y-%m-%d %H:%M"))
    _check_committee(session, draft.committee, opens=opens, zone=zone, at=at)
    if session.scalar(select(Draw.id).where(Draw.draw_id == announced["draw_id"])) is not None:
        raise Refused("draw_id_taken", draw_id=announced["draw_id"])
    if session.scalar(select(DrawSecret.draw_id).where(DrawSecret.key == draft.secret.key)) is not None:
        raise Refused("page_expired")  # of another draw: one key must not serve two
    same = select(Draw.draw_id).where(Draw.opens <= closes, Draw.closes >= opens)
    if not draft.rehearsed:
        if earlier := session.scalar(same.limit(1)):
            raise Refused("period_taken", draw_id=earlier)
        _check_years(announced)
        _check_time_left(announced)
    return announced


def check(announced: Fields) -> None:
    """What anybody will check, with the same program; the first thing that is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ANNOUNCEMENT).write_bytes(published_files.to_bytes(announced))
        last = verify(Path(folder))[-1]
    if not last.holds:
        name = last.name.removeprefix(f"{ANNOUNCEMENT}: ").removeprefix(f"{ANNOUNCEMENT} ")
        raise Refused("announcement_wrong", check=name, expected=last.expected, found=last.found)


def find(session: Session, draw_id: str, *, lock: bool = False) -> Draw:
    query = select(Draw).where(Draw.draw_id == draw_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise Missing("no_such_draw")
    return found


def check_admin(session: Session, person_id: int, *, at: datetime) -> None:
    if "admin" not in employment.roles_at(session, person_id, at.date()):
        raise Refused("not_the_admin")


def of_committee(session: Session, draw: Draw, person_id: int) -> bool:
    return session.get(DrawCommittee, (draw.id, person_id)) is not None


def check_official(session: Session, draw: Draw, person_id: int, *, at: datetime) -> None:
    """Admin or one of the committee; never anybody of the provider."""
    official = of_committee(session, draw, person_id) or "admin" in employment.roles_at(session, person_id, at.date())
    if not official or employment.of_the_provider(session, person_id, at.date()):
        raise Refused("not_the_committee")


def check_committee(session: Session, draw: Draw, person_id: int, *, at: datetime) -> None:
    """Committee members only: an admin who may win hands over no prize."""
    if not of_committee(session, draw, person_id):
        raise Refused("not_of_the_committee")
    check_official(session, draw, person_id, at=at)


def _check_committee(
    session: Session, committee: Sequence[int], *, opens: datetime, zone: ZoneInfo, at: datetime
) -> None:
    if not committee:
        raise Refused("no_committee")
    if len(set(committee)) > MOST:
        raise Refused("committee_too_large", most=MOST)
    for one in committee:
        if session.get(Person, one) is None:
            raise Missing("no_such_person")
        if employment.of_the_provider(session, one, opens.astimezone(zone).date()):
            raise Refused("provider_in_committee")
        if not employment.roles_at(session, one, at.date()) & ABLE:
            raise Refused("committee_without_role")


def _check_years(announced: Fields) -> None:
    """An issue of another year was drawn long ago: Chinese ones are written yyyynnn or yynnn, and begin in January."""
    for source in (*announced["sources"], *announced["redraw_sources"]):
        issue, drawn_at = source["issue"], published_files.when(source, "drawn_at")
        near = {str((drawn_at + timedelta(days=days)).year) for days in (-7, 0, 7)}  # around New Year it may be either
        if source["id"] != BEACON and issue[:-3] not in near | {year[2:] for year in near}:
            raise Refused("issue_of_another_year", issue=issue)


def _check_time_left(announced: Fields) -> None:
    """That each step can be taken at all, by the machine and by people."""
    last = max(published_files.when(source, "drawn_at") for source in announced["sources"])
    for key, since, needed, code in (
        ("commit_by", published_files.when(announced, "closes"), TO_COMMIT, "commit_by_early"),
        ("objections_until", published_files.when(announced, "commit_by"), TO_OBJECT, "objections_short"),
        ("claim_until", last, TO_CLAIM, "claims_short"),
    ):
        if published_files.when(announced, key) < since + needed:
            raise Refused(code)


def _keys(made: keys.Secret) -> Fields:
    return {"key_commitment": rule.key_commitment(made.key).hex(), "operator_key": made.operator_key}


def _in_order(announced: Fields) -> Fields:
    """As the protocol lists them; what it does not know comes last, and is refused."""
    known = {key: announced[key] for key in forms.ANNOUNCEMENT if key in announced}
    return {**known, **announced}
