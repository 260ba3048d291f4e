"""every form a revision had on main, brought to today's

Revision ID: 0010
Revises: 0009
"""

from migrations.forms import mend

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    mend("0009")


def downgrade() -> None:
    """Today's form of 0009 is left as it is."""
