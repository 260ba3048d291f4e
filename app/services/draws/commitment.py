"""The list is committed to: prepared with no transaction open, then written whole, once for each version.

Killed at any moment, either nothing or all of a version stands in the database; a second attempt is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw, DrawObjection, DrawTree
from app.services.draws import duplicate_people, eligibility, events, published_files
from app.services.draws import keys as secret
from app.services.draws import merkle_list as leaves
from app.services.draws.merkle_list import Leaves, Listed, Progress
from app.services.draws.published_files import Fields, when
from lottery import files as forms
from lottery.rule import SCHEME
from lottery.verify import DAY

GRACE = timedelta(minutes=2)  # a rating tapped at the last moment is in the database by then


@dataclass(frozen=True)
class Prepared:
    """A version of the list, not yet published."""

    version: int
    leaves: Leaves
    by_department: list[dict[str, Any]]
    excluded: list[dict[str, Any]]
    doubles: dict[int, int]
    objections: tuple[int, ...]
    at: datetime


def prepare(
    session: Session, draw: Draw, *, zone: ZoneInfo, at: datetime, progress: Progress = lambda _done: None
) -> Prepared:
    """The next version: the first of everybody who is in, a later one with the objections that were upheld."""
    version = published_files.versions(session, draw) + 1
    check(session, draw, version, at=at)
    if version == 1:
        cap = published_files.announced(session, draw)["cap"]
        found = eligibility.find(session, draw, cap=cap, zone=zone, progress=progress)
        made = leaves.build(secret.load(session, draw).key, draw.draw_id, found.people, progress)
        return Prepared(1, made, eligibility.merged(found.departments), found.excluded, found.doubles, (), at)
    return _with_objections(session, draw, version, zone, at, progress)


def write(session: Session, draw: Draw, prepared: Prepared, *, by: int | None, at: datetime) -> Fields:
    """Publish it. `at` is now: what took too long to prepare is refused."""
    session.get_one(Draw, draw.id, with_for_update=True)
    version = published_files.versions(session, draw) + 1
    if version != prepared.version:
        raise Refused("written_before", name=f"commit-{prepared.version}.json")
    check(session, draw, version, at=at)
    announced, keys, data = published_files.announced(session, draw), secret.load(session, draw), prepared.leaves.data
    commit = {
        "scheme": SCHEME,
        "draw_id": draw.draw_id,
        "version": version,
        "announcement_sha256": draw.announcement_sha256,
        "entries": prepared.leaves.entries,
        "tickets": prepared.leaves.tickets,
        "root": prepared.leaves.root.hex(),
        "leaves_sha256": sha256(data).hexdigest(),
        "by_department": prepared.by_department,
        "excluded": prepared.excluded,
        "committed_at": published_files.written(at, announced),
    }
    duplicate_people.store(session, draw, prepared.doubles)
    published_files.write(session, draw, f"leaves-{version}.bin", data, secret=keys, at=at)
    session.execute(insert(DrawTree).values(draw_id=draw.id, version=version, blocks=b"".join(prepared.leaves.blocks)))
    digest = published_files.write_json(
        session, draw, f"commit-{version}.json", commit, forms.COMMIT, secret=keys, at=at
    )
    session.execute(update(DrawObjection).where(DrawObjection.id.in_(prepared.objections)).values(version=version))
    events.record(session, draw, "committed", by=by, at=at, version=version, root=commit["root"], sha256=digest)
    return commit


def load(session: Session, draw: Draw, version: int) -> Leaves:
    """A committed list as it was written; raises Refused when the database has something else now."""
    data = published_files.whole(session, published_files.get(session, draw, f"leaves-{version}.bin"))
    listed = Leaves(data, _blocks(session, draw, version))
    if listed.root.hex() != published_files.fields(session, draw, f"commit-{version}.json")["root"]:
        raise Refused("file_altered", name=DrawTree.__tablename__)  # proofs made of it would be false for ever
    return listed


def glance(session: Session, draw: Draw, version: int) -> Listed:
    """The same to look up one entry in: of a long list only what is needed is read."""
    stored = published_files.Stored(session, published_files.get(session, draw, f"leaves-{version}.bin"))
    return Listed(stored, _blocks(session, draw, version))


def listed_tickets(session: Session, draw: Draw, version: int, entry: str) -> int:
    """How many an entry has in a version; none where it is missing."""
    listed = glance(session, draw, version)
    index = listed.find(bytes.fromhex(entry))
    return 0 if index is None else int.from_bytes(listed.leaf(index)[32:], "big")


def check(session: Session, draw: Draw, version: int, *, at: datetime) -> None:
    """Whether this version may be published now."""
    announced = published_files.announced(session, draw)
    if at < draw.closes + GRACE:
        raise Refused("not_closed", closes=announced["closes"])
    until = announced["commit_by"] if version == 1 else announced["objections_until"]
    first_source = min(when(source, "drawn_at") for source in announced["sources"])
    if at > forms.moment(until, "until") or at + DAY > first_source:
        raise Refused("commit_too_late", until=until)
    if version > 1 and not _upheld(session, draw):
        raise Refused("written_before", name=f"commit-{version - 1}.json")
    if version > 1 and at.replace(microsecond=0) <= _committed_at(session, draw, version - 1):
        raise Refused("version_too_soon")  # the files tell seconds, and a later version a later one


def _committed_at(session: Session, draw: Draw, version: int) -> datetime:
    return when(published_files.fields(session, draw, f"commit-{version}.json"), "committed_at")


def _blocks(session: Session, draw: Draw, version: int) -> list[bytes]:
    blocks = session.get_one(DrawTree, (draw.id, version)).blocks
    return [blocks[start : start + 32] for start in range(0, len(blocks), 32)]


def _upheld(session: Session, draw: Draw) -> list[DrawObjection]:
    """Objections that were found right and stand in no list yet."""
    query = select(DrawObjection).where(
        DrawObjection.draw_id == draw.id, DrawObjection.state == "upheld", DrawObjection.version.is_(None)
    )
    return list(session.scalars(query.order_by(DrawObjection.id)))


def _with_objections(
    session: Session, draw: Draw, version: int, zone: ZoneInfo, at: datetime, progress: Progress
) -> Prepared:
    before = load(session, draw, version - 1)
    commit = published_files.fields(session, draw, f"commit-{version - 1}.json")
    departments = {line["department"]: line["entries"] for line in commit["by_department"]}
    upheld = _upheld(session, draw)
    for objection in upheld:
        if before.find(bytes.fromhex(objection.entry)) is None:
            where = eligibility.OTHERS
            if objection.person_id:
                where = eligibility.department_of(session, draw, objection.person_id, zone)
            where = where if where in departments else eligibility.OTHERS
            departments[where] = departments.get(where, 0) + 1
    made = leaves.add(before, {bytes.fromhex(one.entry): one.granted or 0 for one in upheld}, progress)
    excluded = commit["excluded"]
    return Prepared(version, made, eligibility.merged(departments), excluded, {}, tuple(one.id for one in upheld), at)
