"""what WeChat pushes to us, what it says about notices, and whom we had to forget

Revision ID: 0003
Revises: 0002
"""

from alembic import op
import sqlalchemy as sa

import app.db

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("scene", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", app.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_try_at", app.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("processed_at", app.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_inbound_known_state")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_inbound_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("key", name=op.f("uq_inbound_key")),
    )
    _partial_index("ix_inbound_due", "inbound", "next_try_at", "state = 'waiting'")
    _partial_index("ix_inbound_alert", "inbound", "received_at", "alert <> ''")
    _partial_index("ix_inbound_kept", "inbound", "processed_at", "body <> '' AND state <> 'waiting'")
    op.create_index("ix_inbound_appid_openid", "inbound", ["appid", "openid"])
    op.add_column("wechat_identity", sa.Column("forgotten_at", app.db.UTCDateTime(timezone=True), nullable=True))
    op.add_column("notice", sa.Column("outcome", sa.Text(), nullable=True))
    op.execute("UPDATE notice SET outcome = 'unknown' WHERE state = 'sent'")
    _partial_index("ix_notice_msgid", "notice", "msgid", "msgid <> ''")
    _partial_index("ix_notice_awaited", "notice", "settled_at", "state = 'sent' AND outcome IS NULL")


def downgrade() -> None:
    op.drop_index("ix_notice_awaited", "notice")
    op.drop_index("ix_notice_msgid", "notice")
    op.drop_column("notice", "outcome")
    op.drop_column("wechat_identity", "forgotten_at")
    op.drop_table("inbound")


def _partial_index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
