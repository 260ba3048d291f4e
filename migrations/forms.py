"""Brings a database made by an earlier form of a revision to the form that revision has today.

Revisions 0001 and 0005 to 0008 were changed after they had been on main, so two databases with the same number may
differ. Every difference there ever was stands here once; each step looks at the live tables and does nothing where
today's form is found. Revision 0010 mends what stands at 0009; what stands earlier is mended by env.py before the
next revision meets it.
"""

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from app.db import UTCDateTime

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)
NAMED = "person_id IS NOT NULL"

_Change = Callable[[str], str]


def mend(at: str) -> None:
    """Everything that revisions up to `at` make is there afterwards, as they make it today. Needs alembic's context."""
    for revision, step in _STEPS:
        if revision <= at:
            step(at)


def _first_tables(_at: str) -> None:
    _add("notice", sa.Column("uncertain_since", MOMENT, nullable=True))
    _index("ix_ticket_requester_id_reported_at", "ticket", ["requester_id", "reported_at"])
    _index("ix_ticket_department_id_state_reported_at", "ticket", ["department_id", "state", "reported_at"])
    _index("ix_ticket_lead_id_reported_at", "ticket", ["lead_id", "reported_at"])
    _index("ix_ticket_helper_person_id", "ticket_helper", ["person_id"])
    slot_taken = "EXISTS (SELECT 1 FROM counted_rating WHERE counted_rating.rating_id = rating.id)"
    _add_filled("rating", sa.Column("counts", sa.Boolean(), nullable=False), slot_taken)
    _add_filled("person", sa.Column("sign_outs", sa.Integer(), nullable=False), "0")
    known = "state IN ('waiting', 'approved', 'refused', 'unbound')"
    _check("identity_claim", "ck_identity_claim_known_state", known, new="unbound")


def _notice_indexes(_at: str) -> None:
    unopened = "opened_at IS NULL AND kind IN ('dispatched', 'reopened')"
    _index("ix_notice_unopened", "notice", ["created_at"], unopened, new="reopened")
    _index("ix_notice_due", "notice", ["next_try_at"], "settled_at IS NULL", new="settled_at")
    _index("ix_notice_queue", "notice", ["person_id", "id"], "settled_at IS NULL", new="settled_at")


def _people(at: str) -> None:
    _erasure_requests()
    _invitations()
    _index("ix_ticket_photo_at", "ticket_photo", ["at"])
    if not _columns("forgotten_openid"):
        op.create_table(
            "forgotten_openid",
            sa.Column("digest", sa.Text(), nullable=False),
            sa.Column("at", MOMENT, nullable=False),
            sa.PrimaryKeyConstraint("digest", name=op.f("pk_forgotten_openid")),
        )
    _add("wechat_identity", sa.Column("provider_staff", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("ticket", sa.Column("due_at", MOMENT, nullable=True))
    _index("ix_ticket_due", "ticket", ["due_at"], "state IN ('dispatched', 'accepted', 'arrived', 'reopened')")
    _index("ix_rating_detail_unchecked", "rating_detail", ["at"], "checked = '' AND comment <> ''")
    _add("oauth_attempt", sa.Column("account", sa.Text(), nullable=False, server_default="service"))
    if at < "0008":  # which takes it away
        _index("ix_rating_person_id", "rating", ["person_id"], NAMED)


def _erasure_requests() -> None:
    if "extent" in _columns("erasure_request"):
        return
    _add_filled("erasure_request", sa.Column("extent", sa.Text(), nullable=False), "''")
    _may_be_empty("erasure_request", "identity_id")
    about = "identity_id IS NOT NULL OR person_id IS NOT NULL"
    _check("erasure_request", "ck_erasure_request_about_somebody", about, new="about_somebody")


def _invitations() -> None:
    if "number" in _columns("bind_invitation"):
        return
    # The address was a secret, which no token says any more; below nothing is no number a token can name.
    _add_filled("bind_invitation", sa.Column("number", sa.BigInteger(), nullable=False), "-id")
    if _sqlite():
        _rebuild("bind_invitation", _unique_by_number)
    else:
        op.drop_column("bind_invitation", "secret")
        op.create_unique_constraint(op.f("uq_bind_invitation_number"), "bind_invitation", ["number"])
    _may_be_empty("bind_invitation", "created_by_id")
    _add("bind_invitation", sa.Column("code", sa.Text(), nullable=False, server_default=""))


def _unique_by_number(ddl: str) -> str:
    ddl = re.sub(r"secret TEXT NOT NULL,\s*", "", ddl)
    return ddl.replace("uq_bind_invitation_secret UNIQUE (secret)", "uq_bind_invitation_number UNIQUE (number)")


def _draws(_at: str) -> None:
    _may_be_empty("draw_number", "by_id")
    if "granted" not in _columns("draw_objection"):
        _add("draw_objection", sa.Column("granted", sa.Integer(), nullable=True))
        op.execute("UPDATE draw_objection SET granted = tickets WHERE state = 'upheld'")
    if not _columns("draw_double"):
        op.create_table(
            "draw_double",
            sa.Column("draw_id", ID, nullable=False),
            sa.Column("person_id", ID, nullable=False),
            sa.Column("one_id", ID, nullable=False),
            sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_double_draw_id")),
            sa.ForeignKeyConstraint(["one_id"], ["person.id"], name=op.f("fk_draw_double_one_id")),
            sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_double_person_id")),
            sa.PrimaryKeyConstraint("draw_id", "person_id", name=op.f("pk_draw_double")),
        )
        _index("ix_draw_double_draw_id_one_id", "draw_double", ["draw_id", "one_id"])
        _append_only("draw_double")
    if not _columns("draw_receipt"):
        op.create_table(
            "draw_receipt",
            sa.Column("id", ID, nullable=False),
            sa.Column("draw_id", ID, nullable=False),
            sa.Column("person_id", ID, nullable=False),
            sa.Column("entry", sa.Text(), nullable=False),
            sa.Column("tickets", sa.Integer(), nullable=False),
            sa.Column("receipt_at", sa.Text(), nullable=False),
            sa.Column("sig", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_receipt_draw_id")),
            sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_receipt_person_id")),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_receipt")),
        )
        name, columns = "ix_draw_receipt_person_id_draw_id_tickets", ["person_id", "draw_id", "tickets"]
        op.create_index(op.f(name), "draw_receipt", columns, unique=True)
        _append_only("draw_receipt")


def _assets_of_tickets(_at: str) -> None:
    if _columns("ticket_asset"):
        return
    op.create_table(
        "ticket_asset",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("asset_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ticket_asset_asset_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_asset_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_asset")),
    )
    _index("ix_ticket_asset_asset_id", "ticket_asset", ["asset_id"])
    op.execute("INSERT INTO ticket_asset SELECT id, asset_id FROM ticket WHERE asset_id IS NOT NULL")
    op.drop_index(op.f("ix_ticket_asset_id"), "ticket")
    if _sqlite():
        reference = r",\s*asset_id INTEGER CONSTRAINT fk_ticket_asset_id REFERENCES asset \(id\)"
        _rebuild("ticket", lambda ddl: re.sub(reference, "", ddl))
    else:
        op.drop_column("ticket", "asset_id")


SLOT = (
    "INSERT INTO counted_rating (completion_id, rating_id, person_id, at) "
    "VALUES (NEW.completion_id, NEW.id, NEW.person_id, NEW.at);"
)
RATED = """INSERT INTO event (ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
    SELECT ticket_id, cycle, 'rated', NEW.person_id, NEW.at, NEW.at, NEW.source, json_build_object('rating', NEW.id)
    FROM completion WHERE id = NEW.completion_id;"""
# What was verified later is its person's by their phone, as far as that is known still.
FOR_WHOM = """(
    SELECT coalesce(rating.person_id, wechat_identity.person_id)
    FROM rating JOIN wechat_identity ON wechat_identity.id = rating.identity_id
    WHERE rating.id = counted_rating.rating_id)"""


def _for_whom_it_counts(at: str) -> None:
    if "person_id" in _columns("counted_rating"):
        return
    reference = "CONSTRAINT fk_counted_rating_person_id FOREIGN KEY(person_id) REFERENCES person (id)"
    _add_filled("counted_rating", sa.Column("person_id", ID, nullable=True), FOR_WHOM, reference)
    _index("ix_counted_rating_person_id", "counted_rating", ["person_id"], NAMED)
    op.drop_index("ix_rating_person_id", "rating", if_exists=True)
    if at > "0008":  # 0009 has written the trigger anew
        return
    if _sqlite():
        op.execute("DROP TRIGGER rating_slot")
        op.execute(f"CREATE TRIGGER rating_slot AFTER INSERT ON rating WHEN NEW.counts BEGIN {SLOT} END")
    else:
        op.execute(
            "CREATE OR REPLACE FUNCTION rating_given() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NEW.counts THEN {SLOT} END IF; {RATED} RETURN NULL; END $$"
        )


_STEPS: tuple[tuple[str, Callable[[str], None]], ...] = (
    ("0001", _first_tables),
    ("0005", _notice_indexes),
    ("0006", _people),
    ("0007", _draws),
    ("0008", _assets_of_tickets),
    ("0008", _for_whom_it_counts),
)


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _columns(table: str) -> dict[str, bool]:
    """Each column, and whether it may be empty; nothing where there is no such table."""
    live = sa.inspect(op.get_bind())
    if not live.has_table(table):
        return {}
    return {column["name"]: column["nullable"] for column in live.get_columns(table)}


def _add(table: str, column: "sa.Column[object]") -> None:
    if column.name not in _columns(table):
        op.add_column(table, column)


def _add_filled(table: str, column: "sa.Column[object]", value: str, reference: str = "") -> None:
    """Add a column with what it says of the rows that are there; on an append-only table too."""
    name = column.name
    if name in _columns(table):
        return
    if _sqlite():
        told = f"{name} {column.type.compile(op.get_bind().dialect)}{'' if column.nullable else ' NOT NULL'}"
        more = f", \n\t{reference}" if reference else ""

        def change(ddl: str) -> str:
            ddl = ddl.replace("CONSTRAINT", f"{told}, \n\tCONSTRAINT", 1)
            return re.sub(r"\s*\)\s*$", f"{more}\n)", ddl) if more else ddl

        _rebuild(table, change, {name: value})
        return
    op.add_column(table, sa.Column(name, column.type, nullable=True))
    op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE {table} SET {name} = {value}")  # noqa: S608 names of our own
    op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    if reference:
        op.execute(f"ALTER TABLE {table} ADD {reference}")
    if not column.nullable:
        op.alter_column(table, name, nullable=False)


def _may_be_empty(table: str, column: str) -> None:
    if _columns(table)[column]:
        return
    if _sqlite():
        _rebuild(table, lambda ddl: re.sub(rf"(\b{column} \w+) NOT NULL", r"\1", ddl))
    else:
        op.alter_column(table, column, nullable=True)


def _index(name: str, table: str, columns: list[str], where: str = "", *, new: str = "") -> None:
    """An index that is missing, or whose definition lacks the word that is new in it, is made (anew)."""
    catalogue = "SELECT sql FROM sqlite_master" if _sqlite() else "SELECT indexdef FROM pg_indexes"
    key = "name" if _sqlite() else "schemaname = current_schema() AND indexname"
    told = op.get_bind().scalar(sa.text(f"{catalogue} WHERE {key} = :name"), {"name": name})
    if told is not None and new in told:
        return
    op.drop_index(name, table, if_exists=True)
    condition = sa.text(where) if where else None
    op.create_index(op.f(name), table, columns, sqlite_where=condition, postgresql_where=condition)


def _check(table: str, name: str, condition: str, *, new: str) -> None:
    """A check that is missing, or lacks the word that is new in it, is made (anew)."""
    live = {check["name"]: f"{check}" for check in sa.inspect(op.get_bind()).get_check_constraints(table)}
    if new in live.get(name, ""):
        return
    if _sqlite():
        told = f"CONSTRAINT {name} CHECK ({condition})"
        if name in live:
            _rebuild(table, lambda ddl: re.sub(rf"CONSTRAINT {name} CHECK \(.*\)(?=,)", lambda _found: told, ddl))
        else:
            _rebuild(table, lambda ddl: ddl.replace("CONSTRAINT", f"{told}, \n\tCONSTRAINT", 1))
        return
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.create_check_constraint(op.f(name), table, condition)


def _append_only(table: str) -> None:
    """As revisions 0002 to 0009 made it."""
    if _sqlite():
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _rebuild(table: str, change: _Change, filled: dict[str, str] | None = None) -> None:
    """SQLite changes no column in place: the table is made anew by its own words, changed, and all that hangs on it.

    Foreign keys are off while migrations run, so nothing that points to its rows notices.
    """
    connection = op.get_bind()
    told = connection.execute(
        sa.text(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND (tbl_name = :table OR type = 'trigger' AND instr(sql, :table)) ORDER BY type, rowid"
        ),
        {"table": table},
    ).all()
    ddl = next(sql for kind, name, sql in told if kind == "table" and name == table)
    kept = list(_columns(table))
    for kind, name, _sql in told:
        if kind == "trigger":
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    new = f"{table}_new"
    changed = change(ddl)
    if changed == ddl:
        raise ValueError(f"the table {table} has a form that was never on main")
    connection.exec_driver_sql(re.sub(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE {new}", changed))
    values = {name: f'"{name}"' for name in _columns(new) if name in kept} | (filled or {})
    into, out_of = ", ".join(f'"{name}"' for name in values), ", ".join(values.values())
    connection.exec_driver_sql(f"INSERT INTO {new} ({into}) SELECT {out_of} FROM {table}")  # noqa: S608
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql(f"ALTER TABLE {new} RENAME TO {table}")
    for kind, _name, sql in told:
        if kind != "table":
            connection.exec_driver_sql(sql)
