"""open tickets by the moment they are due and by priority: their list is sorted by it

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

_OPEN = sa.text("state IN ('reported', 'dispatched', 'accepted', 'arrived', 'reopened')")


def upgrade() -> None:
    for name, column in (("ix_ticket_open_due", "due_at"), ("ix_ticket_open_priority", "priority")):
        op.create_index(name, "ticket", [column, "reported_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    for name in ("ix_ticket_open_priority", "ix_ticket_open_due"):
        op.drop_index(name, "ticket")
