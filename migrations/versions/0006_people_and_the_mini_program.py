"""the mini-program's sessions, reports with photos, complaints, bind invitations, erasure

Revision ID: 0006
Revises: 0005
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)

TABLES = ("api_session", "idempotent_post", "bind_invitation", "erasure_request", "complaint", "ticket_photo", "forgotten_openid")
UNDER_WAY = sa.text("state IN ('dispatched', 'accepted', 'arrived', 'reopened')")


NAMED = sa.text("person_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "api_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("refresh", sa.Text(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("refresh_expires_at", MOMENT, nullable=False),
        sa.Column("refreshed_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["wechat_identity.id"], name=op.f("fk_api_session_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_session")),
        sa.UniqueConstraint("access", name=op.f("uq_api_session_access")),
        sa.UniqueConstraint("refresh", name=op.f("uq_api_session_refresh")),
    )
    op.create_index("ix_api_session_family", "api_session", ["family"])
    op.create_index("ix_api_session_identity_id", "api_session", ["identity_id"])
    op.create_index("ix_api_session_refresh_expires_at", "api_session", ["refresh_expires_at"])
    op.create_table(
        "idempotent_post",
        sa.Column("identity_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["wechat_identity.id"], name=op.f("fk_idempotent_post_identity_id")),
        sa.PrimaryKeyConstraint("identity_id", "key", name=op.f("pk_idempotent_post")),
    )
    op.create_index("ix_idempotent_post_at", "idempotent_post", ["at"])
    op.create_table(
        "bind_invitation",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created_by_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("identity_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_bind_invitation_created_by_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["wechat_identity.id"], name=op.f("fk_bind_invitation_identity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bind_invitation_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bind_invitation")),
        sa.UniqueConstraint("number", name=op.f("uq_bind_invitation_number")),
    )
    op.create_index("ix_bind_invitation_expires_at", "bind_invitation", ["expires_at"])
    op.create_index("ix_bind_invitation_person_id_created_at", "bind_invitation", ["person_id", "created_at"])
    op.create_table(
        "erasure_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("identity_id", ID, nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("extent", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", ID, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'withdrawn')", name=op.f("ck_erasure_request_known_state")),
        sa.CheckConstraint("identity_id IS NOT NULL OR person_id IS NOT NULL", name=op.f("ck_erasure_request_about_somebody")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_erasure_request_decided_by_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["wechat_identity.id"], name=op.f("fk_erasure_request_identity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_erasure_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index("ix_erasure_request_identity_id", "erasure_request", ["identity_id"])
    op.create_index("ix_erasure_request_person_id", "erasure_request", ["person_id"])
    op.create_index("ix_erasure_request_state_created_at", "erasure_request", ["state", "created_at"])
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
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name=op.f("fk_complaint_answered_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_complaint_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_complaint_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
    )
    op.create_index("ix_complaint_person_id_at", "complaint", ["person_id", "at"])
    op.create_index("ix_complaint_state_at", "complaint", ["state", "at"])
    op.create_index("ix_complaint_ticket_id", "complaint", ["ticket_id"])
    op.create_table(
        "ticket_photo",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_photo_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_photo")),
    )
    op.create_index("ix_ticket_photo_at", "ticket_photo", ["at"])
    op.create_index("ix_ticket_photo_ticket_id", "ticket_photo", ["ticket_id"])
    op.create_table(
        "forgotten_openid",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_forgotten_openid")),
    )
    op.create_index("ix_rating_person_id", "rating", ["person_id"], sqlite_where=NAMED, postgresql_where=NAMED)
    op.add_column("wechat_identity", sa.Column("provider_staff", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ticket", sa.Column("location", sa.Text(), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("due_at", MOMENT, nullable=True))
    op.create_index("ix_ticket_due", "ticket", ["due_at"], sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)
    op.add_column("rating_detail", sa.Column("checked", sa.Text(), nullable=False, server_default=""))
    unchecked = sa.text("checked = '' AND comment <> ''")
    op.create_index(
        "ix_rating_detail_unchecked", "rating_detail", ["at"], sqlite_where=unchecked, postgresql_where=unchecked
    )
    op.add_column("oauth_attempt", sa.Column("account", sa.Text(), nullable=False, server_default="service"))
    op.add_column("person", sa.Column("reminders_since", MOMENT, nullable=True))
    op.add_column("person", sa.Column("erased_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_index("ix_rating_detail_unchecked", "rating_detail")
    op.drop_index("ix_ticket_due", "ticket")
    op.drop_index("ix_rating_person_id", "rating")
    for table, column in (
        ("wechat_identity", "provider_staff"),
        ("person", "erased_at"),
        ("person", "reminders_since"),
        ("oauth_attempt", "account"),
        ("rating_detail", "checked"),
        ("ticket", "due_at"),
        ("ticket", "location"),
    ):
        op.drop_column(table, column)
    for table in reversed(TABLES):
        op.drop_table(table)
