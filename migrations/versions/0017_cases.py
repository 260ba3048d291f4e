"""one mechanism of cases: complaints and low scores are carried into it, each with its stage and its words

Revision ID: 0017
Revises: 0016
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0017"
down_revision = "0016"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)
NAMES = ("complaint", "recovery_case")
KEYS = {"service_case": ("id", "rating_id"), "case_note": ("id",), "case_rating": ("case_id, recovery",)}
OLD_KEYS = {"complaint": ("id",), "recovery_case": ("id", "rating_id")}

# A complaint keeps its number, so the events of its time name the case; low scores come after them.
COMPLAINTS = """
INSERT INTO service_case (id, reason, about, ticket_id, cycle, person_id, hidden, source, opened_at, stage, acts, pressed,
  calls, answered_at, told_at, recoveries, closed_by)
SELECT c.id, 'complaint', 'ticket', c.ticket_id, COALESCE((SELECT min(e.cycle) FROM event e WHERE e.ticket_id = c.ticket_id
    AND e.subject = 'complaint' AND e.subject_id = c.id), t.cycle),
  c.person_id, false, c.source, c.at, CASE c.state WHEN 'open' THEN 'received' ELSE 'answered' END,
  CASE c.state WHEN 'open' THEN 0 ELSE 1 END, false, 0, c.answered_at, c.answered_at, 0, ''
FROM complaint c JOIN ticket t ON t.id = c.ticket_id
"""
LOW_SCORES = """
INSERT INTO service_case (id, reason, about, ticket_id, cycle, rating_id, person_id, hidden, source, opened_at, stage, acts,
  pressed, calls, recoveries, closed_by)
SELECT r.id + (SELECT COALESCE(max(id), 0) FROM complaint), 'low_score', 'ticket', r.ticket_id, done.cycle, r.rating_id,
  COALESCE(given.person_id, (SELECT s.person_id FROM counted_rating s WHERE s.rating_id = r.rating_id)), false, given.source,
  r.opened_at, 'received', 0, false, 0, 0, ''
FROM recovery_case r JOIN rating given ON given.id = r.rating_id JOIN completion done ON done.id = given.completion_id
"""
WORDS = """
INSERT INTO case_note (case_id, event_id, kind, text, by_id, at)
SELECT c.id, (SELECT min(e.id) FROM event e WHERE e.ticket_id = c.ticket_id AND e.subject = 'complaint'
  AND e.subject_id = c.id AND e.kind = '{event}'), '{kind}', c.{text}, c.{by}, c.{at} FROM complaint c WHERE {which}
"""
BACK = """
INSERT INTO complaint (id, ticket_id, person_id, text, source, at, state, answer, answered_at, answered_by_id)
SELECT c.id, c.ticket_id, c.person_id, COALESCE((SELECT max(n.text) FROM case_note n WHERE n.case_id = c.id
    AND n.kind = 'complaint'), ''), c.source, c.opened_at, CASE WHEN c.answered_at IS NULL THEN 'open' ELSE 'answered' END,
  COALESCE((SELECT max(n.text) FROM case_note n WHERE n.case_id = c.id AND n.kind = 'answer'), ''), c.answered_at,
  (SELECT max(n.by_id) FROM case_note n WHERE n.case_id = c.id AND n.kind = 'answer')
FROM service_case c WHERE c.reason = 'complaint' AND c.ticket_id IS NOT NULL AND c.person_id IS NOT NULL
"""
BACK_LOW = """
INSERT INTO recovery_case (ticket_id, rating_id, opened_at)
SELECT ticket_id, rating_id, opened_at FROM service_case WHERE reason = 'low_score'
"""


def upgrade() -> None:
    _make()
    op.execute(COMPLAINTS)
    op.execute(LOW_SCORES)
    op.execute(WORDS.format(event="complained", kind="complaint", text="text", by="person_id", at="at", which="1 = 1"))
    said = {"event": "complaint_answered", "kind": "answer", "text": "answer", "by": "answered_by_id"}
    op.execute(WORDS.format(**said, at="answered_at", which="c.answered_at IS NOT NULL"))
    _number_on("service_case")
    for table in NAMES:
        op.drop_table(table)
    _protect(KEYS, kept=_kept(), frozen=("case_rating",), stays=("service_case", "case_note"))


def downgrade() -> None:
    _make_old()
    op.execute(BACK)
    op.execute(BACK_LOW)
    _number_on("complaint")
    for table in ("case_note", "case_rating", "service_case"):
        op.drop_table(table)
    _protect(OLD_KEYS, kept=_kept_old(), frozen=("recovery_case",), stays=("complaint",))


def _make() -> None:
    op.create_table(
        "service_case",
        sa.Column("id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("ticket_id", ID, nullable=True),
        sa.Column("cycle", sa.SmallInteger(), nullable=True),
        sa.Column("rating_id", ID, nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("acts", sa.SmallInteger(), nullable=False),
        sa.Column("pressed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("call_due_at", MOMENT, nullable=True),
        sa.Column("answer_due_at", MOMENT, nullable=True),
        sa.Column("close_due_at", MOMENT, nullable=True),
        sa.Column("calls", sa.SmallInteger(), nullable=False),
        sa.Column("called_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("recoveries", sa.SmallInteger(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("next_due_at", MOMENT, nullable=True),
        sa.Column("warned_of", MOMENT, nullable=True),
        sa.CheckConstraint(
            "reason IN ('low_score', 'complaint', 'pressure', 'urge')", name=op.f("ck_service_case_known_reason")
        ),
        sa.CheckConstraint("about IN ('ticket', 'service', 'supervisor')", name=op.f("ck_service_case_known_about")),
        sa.CheckConstraint(
            "stage IN ('received', 'investigating', 'answered', 'agreed', 'recovered', 'rerated', 'closed')",
            name=op.f("ck_service_case_known_stage"),
        ),
        sa.CheckConstraint("closed_by IN ('', 'user', 'timeout')", name=op.f("ck_service_case_known_end")),
        sa.CheckConstraint(
            "(stage = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_service_case_closed_at_its_end")
        ),
        sa.CheckConstraint("(ticket_id IS NULL) = (cycle IS NULL)", name=op.f("ck_service_case_cycle_of_ticket")),
        sa.CheckConstraint(
            "(about = 'ticket') = (ticket_id IS NOT NULL)", name=op.f("ck_service_case_about_its_ticket")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_service_case_ticket_id"),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name="fk_service_case_rating_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_service_case_person_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_service_case_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_service_case"),
        sa.UniqueConstraint("rating_id", name="uq_service_case_rating_id"),
    )
    for columns in (["ticket_id"], ["person_id", "opened_at"], ["opened_at"], ["closed_at"]):
        op.create_index(f"ix_service_case_{'_'.join(columns)}", "service_case", columns)
    open_ones, urges = sa.text("stage <> 'closed'"), sa.text("reason = 'urge'")
    where = {"sqlite_where": open_ones, "postgresql_where": open_ones}
    op.create_index("ix_service_case_open", "service_case", ["next_due_at"], **where)
    where = {"sqlite_where": urges, "postgresql_where": urges}
    op.create_index("uq_service_case_urge", "service_case", ["ticket_id", "cycle"], unique=True, **where)
    op.create_table(
        "case_note",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('complaint', 'caller', 'call', 'answer', 'agreement', 'recovery', 'insistence', 'closing')",
            name=op.f("ck_case_note_known_kind"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name="fk_case_note_case_id"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_case_note_event_id"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_case_note_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_note"),
    )
    op.create_index("ix_case_note_case_id", "case_note", ["case_id"])
    op.create_table(
        "case_rating",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("recovery", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_case_rating_level_1_to_5")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name="fk_case_rating_case_id"),
        sa.PrimaryKeyConstraint("case_id", "recovery", name="pk_case_rating"),
    )


def _make_old() -> None:
    op.create_table(
        "complaint",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by_id", ID, nullable=True),
        sa.CheckConstraint("state IN ('open', 'answered')", name=op.f("ck_complaint_known_state")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name="fk_complaint_answered_by_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_complaint_person_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_complaint_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_complaint"),
    )
    op.create_index("ix_complaint_person_id_at", "complaint", ["person_id", "at"])
    op.create_index("ix_complaint_state_at", "complaint", ["state", "at"])
    op.create_index("ix_complaint_ticket_id", "complaint", ["ticket_id"])
    op.create_index("ix_complaint_at", "complaint", ["at"])
    op.create_table(
        "recovery_case",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("rating_id", ID, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name="fk_recovery_case_rating_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_recovery_case_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_case"),
        sa.UniqueConstraint("rating_id", name="uq_recovery_case_rating_id"),
    )
    op.create_index("ix_recovery_case_opened_at", "recovery_case", ["opened_at"])
    op.create_index("ix_recovery_case_ticket_id", "recovery_case", ["ticket_id"])


def _number_on(table: str) -> None:
    """PostgreSQL goes on after what was carried over."""
    if not _sqlite():
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT COALESCE(max(id), 0) + 1 FROM {table}), false)"
        )


def _kept() -> dict[str, str]:
    """When a change of a row is refused."""
    opened = ("id", "reason", "about", "ticket_id", "cycle", "rating_id", "person_id", "hidden", "source", "opened_at")
    once = "OLD.answered_at IS NOT NULL AND " + _changed("answered_at")
    over = "OLD.stage = 'closed' AND " + _changed("stage", "acts", "owner_id", "closed_at", "closed_by", "recoveries")
    words = "OR " + _changed("text") + " AND NEW.text <> ''"
    return {
        "service_case": f"{_changed(*opened)} OR {once} OR {over}",
        "case_note": f"{_changed('id', 'case_id', 'event_id', 'kind', 'by_id', 'at')} {words}",
    }


def _kept_old() -> dict[str, str]:
    return {
        "complaint": f"{_changed('id', 'ticket_id', 'person_id', 'source', 'at')} "
        f"OR {_changed('text')} AND NEW.text <> '' OR OLD.state <> 'open' AND "
        f"({_changed('state', 'answered_at', 'answered_by_id')} OR {_changed('answer')} AND NEW.answer <> '')"
    }


def _protect(
    keys: dict[str, tuple[str, ...]], *, kept: dict[str, str], frozen: tuple[str, ...], stays: tuple[str, ...]
) -> None:
    """The database's own refusals, as revision 0011 made them for the tables before."""
    if _sqlite():
        for table, of_table in keys.items():
            taken = " OR ".join(
                f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key.split(', '))})"
                for key in of_table
            )
            _refuse(f"{table}_no_replace", "INSERT", table, taken)
        for table in (*frozen, *stays):
            _refuse(f"{table}_no_delete", "DELETE", table)
        for table in frozen:
            _refuse(f"{table}_no_update", "UPDATE", table)
        for table, condition in kept.items():
            _refuse(f"{table}_kept", "UPDATE", table, condition)
        return
    for table, name, what in (
        *((table, "append_only", "UPDATE OR DELETE OR TRUNCATE") for table in frozen),
        *((table, "stays", "DELETE OR TRUNCATE") for table in stays),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {what} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, condition in kept.items():
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
        )


def _refuse(name: str, change: str, table: str, condition: str = "") -> None:
    when = f" WHEN {condition}" if condition else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {change} ON {table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _changed(*columns: str) -> str:
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{column} {other} OLD.{column}" for column in columns) + ")"


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
