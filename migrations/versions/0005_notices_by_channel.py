"""notices: which channel took each, every try, channels that have stopped, what has been opened

Revision ID: 0005
Revises: 0004
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)

OPEN_BY_STATE = sa.text("state IN ('waiting', 'sending')")
OPEN = sa.text("settled_at IS NULL")
UNOPENED = sa.text("opened_at IS NULL AND kind IN ('dispatched', 'reopened')")
STATES = "state IN ('waiting', 'sending', 'sent', 'failed')"
STATES_AND_KEPT = "state IN ('waiting', 'sending', 'sent', 'failed', 'kept')"


def upgrade() -> None:
    # Made anew in SQLite, which changes no column in place, and before anything points to it.
    with op.batch_alter_table("notice", copy_from=_notice(STATES)) as notice:
        notice.add_column(sa.Column("about", sa.Text(), nullable=False, server_default=""))
        notice.add_column(sa.Column("channel", sa.Text(), nullable=False, server_default=""))
        notice.add_column(sa.Column("resent", sa.Boolean(), nullable=False, server_default=sa.false()))
        notice.add_column(sa.Column("opened_at", MOMENT, nullable=True))
        notice.alter_column("event_id", existing_type=ID, nullable=True)
        notice.alter_column("ticket_id", existing_type=ID, nullable=True)
        notice.drop_constraint(op.f("ck_notice_known_state"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_known_state"), STATES_AND_KEPT)
    op.execute("UPDATE notice SET channel = 'service' WHERE state = 'sent'")
    # By what SQLite finds it for, which else takes the index by state and reads every row that waits.
    op.drop_index("ix_notice_due", "notice")
    op.create_index("ix_notice_due", "notice", ["next_try_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_notice_queue", "notice", ["person_id", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_notice_unopened", "notice", ["created_at"], sqlite_where=UNOPENED, postgresql_where=UNOPENED)
    op.create_table(
        "notice_try",
        sa.Column("id", ID, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('sent', 'failed', 'put_off', 'passed_over')", name=op.f("ck_notice_try_known_outcome")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_try_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_try")),
    )
    op.create_index("ix_notice_try_channel_at", "notice_try", ["channel", "at"])
    op.create_index("ix_notice_try_notice_id", "notice_try", ["notice_id"])
    op.create_table(
        "channel_stop",
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("healed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_stop")),
    )
    op.create_index("ix_channel_stop_since", "channel_stop", ["since"])
    where = sa.text("healed_at IS NULL")
    op.create_index("uq_channel_stop_standing", "channel_stop", ["channel", "kind"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "subscription_credit",
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("credits", sa.SmallInteger(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_subscription_credit_none_below_nothing")),
        sa.ForeignKeyConstraint(["identity_id"], ["wechat_identity.id"], name=op.f("fk_subscription_credit_identity_id")),
        sa.PrimaryKeyConstraint("identity_id", "template_id", name=op.f("pk_subscription_credit")),
    )


def downgrade() -> None:
    for table in ("subscription_credit", "channel_stop", "notice_try"):
        op.drop_table(table)
    op.drop_index("ix_notice_unopened", "notice")
    op.drop_index("ix_notice_queue", "notice")
    op.drop_index("ix_notice_due", "notice")
    op.create_index(
        "ix_notice_due", "notice", ["next_try_at"], sqlite_where=OPEN_BY_STATE, postgresql_where=OPEN_BY_STATE
    )
    op.execute("DELETE FROM notice WHERE event_id IS NULL OR ticket_id IS NULL")
    op.execute("UPDATE notice SET state = 'failed' WHERE state = 'kept'")
    with op.batch_alter_table("notice", copy_from=_notice(STATES_AND_KEPT, added=True)) as notice:
        notice.drop_constraint(op.f("ck_notice_known_state"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_known_state"), STATES)
        notice.alter_column("event_id", existing_type=ID, nullable=False)
        notice.alter_column("ticket_id", existing_type=ID, nullable=False)
        for column in ("about", "channel", "resent", "opened_at"):
            notice.drop_column(column)


def _notice(states: str, added: bool = False) -> sa.Table:
    """The table as it stands before the change; SQLite cannot tell its checks and partial indexes by itself."""
    named = sa.text("msgid <> ''")
    awaited = sa.text("state = 'sent' AND outcome IS NULL")
    table = sa.Table(
        "notice",
        sa.MetaData(),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", ID, nullable=added),
        sa.Column("ticket_id", ID, nullable=added),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("client_msg_id", sa.Text(), nullable=False),
        sa.Column("uncertain_since", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(states, name=op.f("ck_notice_known_state")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_notice_event_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_notice_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.Index("ix_notice_event_id_kind_person_id", "event_id", "kind", "person_id", unique=True),
        sa.Index("ix_notice_due", "next_try_at", sqlite_where=OPEN_BY_STATE, postgresql_where=OPEN_BY_STATE),
        sa.Index("ix_notice_msgid", "msgid", sqlite_where=named, postgresql_where=named),
        sa.Index("ix_notice_awaited", "settled_at", sqlite_where=awaited, postgresql_where=awaited),
        sa.Index("ix_notice_ticket_id", "ticket_id"),
        sa.Index("ix_notice_person_id_created_at", "person_id", "created_at"),
        sa.Index("ix_notice_state_created_at", "state", "created_at"),
        sa.Index("ix_notice_created_at", "created_at"),
    )
    if added:
        table.append_column(sa.Column("about", sa.Text(), nullable=False, server_default=""))
        table.append_column(sa.Column("channel", sa.Text(), nullable=False, server_default=""))
        table.append_column(sa.Column("resent", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.append_column(sa.Column("opened_at", MOMENT, nullable=True))
    return table
