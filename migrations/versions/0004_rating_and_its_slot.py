"""a rating brings its event with it, and takes its slot if it counts: one statement, decided by the database

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"

SLOT = "INSERT INTO counted_rating (completion_id, rating_id, at) VALUES (NEW.completion_id, NEW.id, NEW.at);"
EVENT = """INSERT INTO event (ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
    SELECT ticket_id, cycle, 'rated', NEW.person_id, NEW.at, NEW.at, NEW.source, {json}('rating', NEW.id)
    FROM completion WHERE id = NEW.completion_id;"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER rating_slot AFTER INSERT ON rating WHEN NEW.counts BEGIN {SLOT} END")
        event = EVENT.format(json="json_object")
        op.execute(f"CREATE TRIGGER rating_event AFTER INSERT ON rating BEGIN {event} END")
        return
    event = EVENT.format(json="json_build_object")
    op.execute(
        "CREATE FUNCTION rating_given() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.counts THEN {SLOT} END IF; {event} RETURN NULL; END $$"
    )
    op.execute("CREATE TRIGGER rating_given AFTER INSERT ON rating FOR EACH ROW EXECUTE FUNCTION rating_given()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER rating_event")
        op.execute("DROP TRIGGER rating_slot")
        return
    op.execute("DROP TRIGGER rating_given ON rating")
    op.execute("DROP FUNCTION rating_given()")
