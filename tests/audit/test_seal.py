"""The seal in the service: what was written stays provable, and whoever touches a row is found by its number."""

import json
import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app import clock
from app.db import Database
from app.jobs import history
from app.models import Completion, Event, FeedEntry, Rating, SealCheckpoint, SealedBatch, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services import events, feed
from app.services.audit import entries, export, seal, verify
from app.services.audit.seal import Signer
from app.services.events import About
from app.services.privacy import erasure
from app.services.privacy.data.subject import Subject
from ledger import tiles
from ledger.notes import Checkpoint, Note
from ledger.verify import older
from ledger.verify import verify as verify_folder
from lottery import tree
from tests.support.world import World

SIGNER = Signer("it.hospital.example/history", bytes(range(32)))

EARLIER = timedelta(hours=3)  # the tickets of these tests begin two hours ago


def take(database: Database, *, most: int = seal.BATCH) -> int:
    with database.transaction() as session:
        feed.number(session)
    with database.transaction() as session:
        return seal.seal(session, SIGNER, at=clock.now(), most=most)


def look(database: Database, **how: Any) -> tuple[str, str]:
    with database.reading() as session:
        found = verify.verify(session, keys=[SIGNER.key], **how) if SIGNER.key else None
    assert found is not None
    return found.fault, found.where


def checkpoint(database: Database) -> Checkpoint:
    with database.reading() as session:
        last = seal.last_batch(session)
        assert last is not None
        return Checkpoint(SIGNER.origin, last.last, tree.folded(seal.split(last.peaks)))


def directly(database: Database, *statements: str) -> None:
    """As somebody who has the database and no scruples: triggers off, foreign keys off."""
    if database.engine.dialect.name == "sqlite":
        database.engine.dispose()
        with closing(sqlite3.connect(database.engine.url.database or "", isolation_level=None)) as file:
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                file.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                file.execute(statement)
        return
    with database.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))


@pytest.fixture
def sealed(world: World) -> World:
    """Two tickets and a rating, sealed in three batches of unequal size."""
    ticket = world.ticket("finished")
    world.rated(ticket, 2)
    world.ticket("accepted")
    assert take(world.database, most=3) == 3
    assert take(world.database, most=4) == 4
    assert take(world.database) > 0
    return world


def test_the_tree_is_the_same_however_the_entries_came_together(sealed: World) -> None:
    with sealed.database.reading() as session:
        size = seal.numbered(session)
        rows = [row for _seq, row in entries.read(session, after=0, until=size) if row is not None]
        leaves = [entries.entry(row) for row in rows]
    assert checkpoint(sealed.database).root == tree.root(leaves)
    assert look(sealed.database) == ("", "")


def test_an_entry_is_the_event_and_the_level_that_pay_follows_from(sealed: World) -> None:
    with sealed.database.reading() as session:
        [row] = [row for row in session.execute(entries.query()) if row.kind == "rated"]
        said = json.loads(entries.entry(row))
    assert said["seq"] == row.seq
    assert said["event"]["rating"]["level"] == 2
    assert said["event"]["rating"]["person_id"] == sealed.nurse.id
    assert said["event"]["data"] == {"rating": said["event"]["subject_id"]}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE event SET at = recorded_at, channel = 'phone' WHERE id = {event}", "changed"),
        ("UPDATE event SET data = '{{\"lead\": 999}}' WHERE id = {event}", "changed"),
        ("DELETE FROM event WHERE id = {event}", "missing"),
        ("DELETE FROM feed_entry WHERE event_id = {event}", "missing"),
    ],
)
def test_a_row_that_was_changed_or_deleted_is_named(sealed: World, change: str, fault: str) -> None:
    with sealed.database.reading() as session:
        event = session.scalars(select(FeedEntry.event_id).where(FeedEntry.seq == 3)).one()
    directly(sealed.database, change.format(event=event))
    found, where = look(sealed.database, whole=True)
    assert found == fault
    assert where.split()[0] == "3"


def test_a_level_that_was_bettered_is_named_by_the_event_of_its_rating(sealed: World) -> None:
    directly(sealed.database, "UPDATE rating SET level = 5")
    with sealed.database.reading() as session:
        rated = select(FeedEntry.seq).join(Event, Event.id == FeedEntry.event_id).where(Event.kind == "rated")
        seq = session.scalars(rated).one()
    found, where = look(sealed.database, whole=True)
    assert (found, where.split()[0]) == ("changed", str(seq))


def test_a_row_that_was_put_in_is_named_whether_it_has_a_number_or_not(sealed: World) -> None:
    copied = "subject, subject_id, ticket_id, cycle, kind, state, actor_id, at, recorded_at, channel, source_key, data"
    with sealed.database.reading() as session:
        last = seal.numbered(session)
        newest = session.scalar(select(Event.id).order_by(Event.id.desc()).limit(1)) or 0
    row = f"INSERT INTO event (id, {copied}) SELECT {{id}}, {copied} FROM event WHERE id = {newest}"
    directly(sealed.database, row.format(id=-1))
    assert look(sealed.database) == ("put_in", "event -1")
    directly(sealed.database, f"INSERT INTO feed_entry (seq, event_id) VALUES ({last + 1}, -1)")
    with sealed.database.transaction() as session:
        seal.daily(session, SIGNER, day=clock.now().date(), at=clock.now() - EARLIER)
    assert take(sealed.database) == 1
    assert look(sealed.database, whole=True) == ("", "")  # within an hour it may have been under way
    sealed.ticket("reported", reported_at=clock.now())
    with sealed.database.transaction() as session:
        feed.number(session)
        tomorrow = clock.now() + timedelta(days=1)
        seal.daily(session, SIGNER, day=tomorrow.date(), at=tomorrow)
        seal.seal(session, SIGNER, at=tomorrow)
        newest = session.scalar(select(Event.id).order_by(Event.id.desc()).limit(1)) or 0
    # Written down before all that was sealed by then, and not among it.
    assert look(sealed.database, whole=True) == ("put_in", f"{last + 2} (event {newest})")


def test_a_history_rewritten_with_its_seal_is_found_by_whoever_kept_a_line(sealed: World) -> None:
    kept = Checkpoint.from_line(checkpoint(sealed.database).line)
    assert look(sealed.database, kept=[kept]) == ("", "")
    directly(sealed.database, "UPDATE event SET channel = 'phone'", "DELETE FROM sealed_batch")
    assert take(sealed.database) > 0
    assert look(sealed.database, whole=True) == ("", "")
    assert look(sealed.database, kept=[kept]) == ("rewritten", str(kept.size))
    directly(sealed.database, f"DELETE FROM feed_entry WHERE seq > {kept.size - 1}", "DELETE FROM sealed_batch")
    with sealed.database.transaction() as session:
        seal.seal(session, SIGNER, at=clock.now())
    assert look(sealed.database, kept=[kept]) == ("cut_off", str(kept.size))


def test_checkpoints_and_hashes_that_were_touched_are_named(sealed: World) -> None:
    with sealed.database.transaction() as session:
        made = seal.daily(session, SIGNER, day=clock.now().date(), at=clock.now())
    assert Checkpoint.read(Note.read(made.note).text) == seal.checkpoint_of(made)
    other = "ab" * 32
    directly(sealed.database, f"UPDATE seal_checkpoint SET root = '{other}'")
    assert look(sealed.database) == ("note_altered", str(made.size))
    directly(sealed.database, f"UPDATE seal_checkpoint SET root = '{other}', note = ''")
    assert look(sealed.database) == ("checkpoint_differs", str(made.size))
    with sealed.database.reading() as session:
        note = made.note.removesuffix("\n")
        forged = f"{note[:-6]}AAAA==\n" if note.endswith("==") else f"{note[:-4]}AAAA\n"
    directly(sealed.database, f"UPDATE seal_checkpoint SET root = '{made.root}', note = '{forged}'")
    assert look(sealed.database) == ("note_forged", str(made.size))
    directly(sealed.database, "DELETE FROM seal_checkpoint", "DELETE FROM sealed_batch WHERE first = 4")
    assert look(sealed.database) == ("seal_altered", "4")


def test_who_looks_again_goes_on_where_the_last_look_ended(sealed: World) -> None:
    with sealed.database.transaction() as session:
        verify.record(session, verify.verify(session), by=sealed.auditor.id, at=clock.now())
        size = seal.numbered(session)
    sealed.ticket("reported")
    take(sealed.database)
    with sealed.database.reading() as session:
        found = verify.verify(session)
        assert (found.first, found.size) == (size + 1, seal.numbered(session))
        assert verify.verify(session, whole=True) == verify.Verdict(1, found.size, found.root)


def test_only_every_seventh_checkpoint_is_published_and_only_after_five_more_people(
    world: World,
) -> None:
    day = clock.now().date()
    people = [world.employ(f"H{number:04}", "护士") for number in range(11)]
    raters = [world.bind(person) for person in people]
    shown = []
    for n in range(30):
        if n in (3, 6, 9, 20, 27) or n < 3:
            for identity in raters[: 5 if n in (9, 20) else 1]:
                with world.database.transaction() as session:
                    rate(session, world.ticket("finished"), identity)
        take(world.database)
        with world.database.transaction() as session:
            shown.append(seal.daily(session, SIGNER, day=day + timedelta(days=n), at=clock.now()).published)
    assert [n for n, published in enumerate(shown) if published] == [14, 21]
    with world.database.reading() as session:
        assert [one.day for one in seal.published(session)] == [day + timedelta(days=n) for n in (21, 14)]


def test_what_does_not_count_publishes_nothing(world: World) -> None:
    """Four second phones of the provider and one nurse are one nurse."""
    day = clock.now().date()
    raters = [WeChatIdentity(appid="wx", openid=f"second-{number}", first_seen_at=clock.now()) for number in range(6)]
    with world.database.transaction() as session:
        session.add_all(raters)
    tickets = [world.ticket("finished") for _ in range(7)]
    with world.database.transaction() as session:
        rate(session, tickets[0], world.nurse_identity)
        for ticket, identity in zip(tickets[1:], raters, strict=True):
            rate(session, ticket, identity, counts=False)
    take(world.database)
    with world.database.transaction() as session:
        assert not seal.daily(session, SIGNER, day=day, at=clock.now()).published


def rate(session: Any, ticket: Ticket, identity: Any, *, counts: bool = True) -> None:
    completion = session.scalars(select(Completion.id).where(Completion.ticket_id == ticket.id)).one()
    values = {"identity_id": identity.id, "person_id": identity.person_id, "counts": counts, "source": "scan"}
    session.add(Rating(completion_id=completion, level=5, at=clock.now(), **values))


def test_a_killed_seal_has_sealed_all_or_nothing_and_two_at_once_seal_once(world: World) -> None:
    world.ticket("finished")
    with world.database.transaction() as session:
        feed.number(session)
    with suppress(ZeroDivisionError), world.database.transaction() as session:
        seal.seal(session, SIGNER, at=clock.now())
        _ = 1 / 0
    with world.database.reading() as session:
        assert seal.last_batch(session) is None
    assert take(world.database) > 0
    assert take(world.database) == 0
    assert look(world.database) == ("", "")


def test_an_act_that_binds_is_followed_by_a_checkpoint(world: World) -> None:
    with world.database.transaction() as session:
        events.append(session, About(1), "announced", by=None, at=clock.now(), channel="draw")
    take(world.database)
    with world.database.reading() as session:
        [made] = session.scalars(select(SealCheckpoint))
        assert (made.cause, made.day, made.published, made.size) == ("act", None, False, 1)


def test_an_erased_person_leaves_everything_verifiable(sealed: World, runtime: Runtime) -> None:
    before = checkpoint(sealed.database)
    with sealed.database.transaction() as session:
        subject = Subject.of_person(session, sealed.nurse.id)
        erasure.erase(session, subject, keys=runtime.settings.secret_keys, by=sealed.admin.id, at=clock.now())
    take(sealed.database)
    assert look(sealed.database, kept=[before]) == ("", "")


def test_the_exported_folder_is_true_for_the_auditors_own_program(sealed: World, tmp_path: Path) -> None:
    first = tmp_path / "first"
    with sealed.database.reading() as session:
        export.write(session, first, SIGNER)
    sealed.ticket("finished")
    take(sealed.database)
    second = tmp_path / "second"
    with sealed.database.reading() as session:
        export.write(session, second, SIGNER)
    assert all(check.holds for check in verify_folder(second, key=SIGNER.key, olders=older(str(first))))
    directly(sealed.database, "UPDATE event SET channel = 'phone' WHERE id IN (SELECT min(id) FROM event)")
    directly(sealed.database, "DELETE FROM sealed_batch")
    take(sealed.database)
    with sealed.database.reading() as session:
        export.write(session, tmp_path / "third", SIGNER)
    *_, lie = verify_folder(tmp_path / "third", key=SIGNER.key, olders=older(str(first)))
    assert (lie.holds, lie.name) == (False, f"since {first}: entry 1")


def test_a_tickets_entries_are_proved_one_by_one(sealed: World) -> None:
    with sealed.database.reading() as session:
        number = session.scalars(text("SELECT number FROM ticket ORDER BY id LIMIT 1")).one()
        made = export.of_ticket(session, number, SIGNER)
    assert len(made["vectors"]) >= 6
    for one in made["vectors"]:
        path, leaf = [bytes.fromhex(step) for step in one["proof"]], bytes.fromhex(one["leaf_hash"])
        assert leaf == tree.leaf_hash(one["entry"].encode())
        root = bytes.fromhex(one["root"])
        assert tree.proves(path, leaf, index=one["leaf_index"], size=one["tree_size"], root=root)


def test_the_worker_seals_once_a_minute_and_signs_once_a_day(world: World, runtime: Runtime) -> None:
    world.ticket("finished")
    history.seal_all(runtime)
    history.seal_all(runtime)
    with world.database.reading() as session:
        [made] = session.scalars(select(SealCheckpoint))
        assert made.size == seal.numbered(session) > 0
        assert Note.read(made.note).signers([runtime.signer.key]) == [runtime.signer.origin]  # type: ignore[list-item]
        assert [one.fault for one in [verify.last_verification(session)] if one] == [""]


def test_what_was_altered_is_never_signed(world: World, runtime: Runtime) -> None:
    world.ticket("finished")
    history.take_all(runtime)
    directly(world.database, "UPDATE event SET channel = 'phone' WHERE id = 2")
    history.seal_all(runtime)
    history.seal_all(runtime)
    with world.database.reading() as session:
        assert session.scalars(select(SealCheckpoint)).all() == []
        [looked] = session.scalars(text("SELECT fault FROM seal_verification"))
        assert looked.startswith("changed 2")


def test_without_a_key_nothing_is_signed_and_the_folder_says_so(sealed: World, tmp_path: Path) -> None:
    unsigned = Signer(SIGNER.origin)
    assert unsigned.key is None
    with sealed.database.reading() as session:
        export.write(session, tmp_path / "log", unsigned)
    assert not (tmp_path / "log" / tiles.KEY).exists()
    with sealed.database.transaction() as session:
        assert seal.daily(session, unsigned, day=clock.now().date(), at=clock.now()).note == ""
    with sealed.database.reading() as session:
        assert session.scalars(select(SealedBatch.first).order_by(SealedBatch.first)).all() == [1, 4, 8]
