"""what happened stays: no replaced row, no changed completion, case or complaint; columns that may change are named

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"

# SQLite's INSERT OR REPLACE takes the row in its way without asking a trigger for deletions: what is inserted under a
# key that is taken is refused before it comes to that.
KEYS = {
    "binding_try": ("id",),
    "bind_invitation": ("id", "number"),
    "complaint": ("id",),
    "completion": ("id", "ticket_id, cycle"),
    "completion_helper": ("completion_id, person_id",),
    "counted_rating": ("completion_id", "rating_id"),
    "draw": ("id", "draw_id"),
    "draw_checkpoint": ("draw_id, day",),
    "draw_claim": ("id", "draw_id, round, entry"),
    "draw_claim_photo": ("claim_id",),
    "draw_committee": ("draw_id, person_id",),
    "draw_double": ("draw_id, person_id",),
    "draw_file": ("id", "draw_id, name, edition"),
    "draw_file_part": ("file_id, number",),
    "draw_number": ("id",),
    "draw_objection": ("id", "draw_id, entry"),
    "draw_receipt": ("id", "person_id, draw_id, tickets"),
    "draw_secret": ("draw_id",),
    "draw_tree": ("draw_id, version",),
    "draw_winner": ("draw_id, round, entry",),
    "entered_rating": ("completion_id",),
    "entered_rating_photo": ("completion_id",),
    "erasure_request": ("id",),
    "event": ("id", "ticket_id, source_key"),
    "feed_entry": ("seq", "event_id"),
    "identity_claim": ("id",),
    "notice_try": ("id",),
    "person": ("id", "staff_number"),
    "rating": ("id", "completion_id, identity_id"),
    "rating_correction": ("rating_id",),
    "rating_detail": ("rating_id",),
    "rating_exclusion": ("rating_id",),
    "recovery_case": ("id", "rating_id"),
    "slip_link": ("number",),
    "slip_pad": ("id", "first"),
    "ticket_asset": ("ticket_id",),
    "ticket_photo": ("id",),
    "wechat_identity": ("id", "appid, openid"),
}

# Nothing of these is changed or deleted any more, as of those of the revisions before.
FROZEN = ("completion_helper", "recovery_case")
# Of these nothing is deleted, and a change is refused where it touches one of the columns or fits the condition.
STAYS = ("complaint", "completion", "draw_objection", "erasure_request", "rating_detail")

IMPORTED = "EXISTS (SELECT 1 FROM event WHERE ticket_id = OLD.ticket_id AND source_key IS NOT NULL)"
RATED = (
    "EXISTS (SELECT 1 FROM rating WHERE completion_id = OLD.id) "
    "OR EXISTS (SELECT 1 FROM entered_rating WHERE completion_id = OLD.id)"
)


def refused() -> dict[str, str]:
    """When a change of a row is refused, for each table that may change at all."""
    decided = "OLD.state <> 'waiting' AND "
    return {
        "binding_try": _changed("id", "identity_id", "staff_number", "succeeded"),
        "bind_invitation": f"{_changed('id', 'number', 'person_id', 'created_by_id', 'created_at')} "
        f"OR OLD.used_at IS NOT NULL AND {_changed('used_at', 'identity_id')}",
        # Answered once; afterwards words only go.
        "complaint": f"{_changed('id', 'ticket_id', 'person_id', 'source', 'at')} "
        f"OR {_changed('text')} AND NEW.text <> '' OR OLD.state <> 'open' AND "
        f"({_changed('state', 'answered_at', 'answered_by_id')} OR {_changed('answer')} AND NEW.answer <> '')",
        # An import may correct what it brought, until somebody has rated it.
        "completion": f"{_changed('id', 'ticket_id', 'cycle')} OR {RATED} OR NOT {IMPORTED}",
        "draw_claim_photo": _changed("claim_id", "media_type", "content"),
        "draw_objection": f"{_changed('id', 'draw_id', 'entry', 'tickets', 'receipt_at', 'receipt_sig', 'at')} "
        "OR OLD.state <> 'open' AND "
        f"{_changed('state', 'person_id', 'reason', 'granted', 'decided_at', 'decided_by_id')} "
        f"OR OLD.version IS NOT NULL AND {_changed('version')}",
        "entered_rating_photo": _changed("completion_id", "media_type", "content"),
        "erasure_request": f"{_changed('id', 'identity_id', 'person_id', 'created_at')} "
        f"OR {decided}{_changed('state', 'extent', 'decided_at', 'decided_by_id')}",
        "identity_claim": f"{_changed('id', 'identity_id', 'person_id', 'created_at')} "
        f"OR {decided}{_changed('state', 'decided_at', 'decided_by_id')}",
        "notice_try": f"{_changed('id', 'notice_id', 'channel', 'outcome', 'reason')} "
        f"OR {_changed('detail')} AND NEW.detail <> ''",
        # A person's ratings hang on the row: it is nobody else's but for the number of an erased one.
        "person": f"{_changed('id')} OR {_changed('staff_number')} AND NEW.erased_at IS NULL",
        "rating_detail": f"{_changed('rating_id', 'pressed')} OR {_changed_json('reasons', 'quality', 'faces')} "
        f"OR {_changed('comment')} AND NEW.comment <> '' OR {_changed('praise')} AND OLD.praise <> 'asked'",
        "ticket_asset": _changed("ticket_id", "asset_id"),
        "ticket_photo": _changed("id", "ticket_id", "media_type", "content"),
        # A phone is bound and unbound, never somebody else's phone; of the provider once, always.
        "wechat_identity": f"{_changed('id', 'appid')} OR {_changed('openid')} AND NEW.forgotten_at IS NULL "
        "OR OLD.provider_staff AND NOT NEW.provider_staff",
    }


def upgrade() -> None:
    if not _sqlite():
        _upgrade_postgresql()
        return
    for table, keys in KEYS.items():
        taken = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key.split(', '))})"
            for key in keys
        )
        _refuse(f"{table}_no_replace", "INSERT", table, taken)
    for table in FROZEN:
        _refuse(f"{table}_no_update", "UPDATE", table)
    for table in (*FROZEN, *STAYS):
        _refuse(f"{table}_no_delete", "DELETE", table)
    for table, condition in refused().items():
        _refuse(f"{table}_kept", "UPDATE", table, condition)


def downgrade() -> None:
    if not _sqlite():
        _downgrade_postgresql()
        return
    for table in KEYS:
        op.execute(f"DROP TRIGGER {table}_no_replace")
    for table in FROZEN:
        op.execute(f"DROP TRIGGER {table}_no_update")
    for table in (*FROZEN, *STAYS):
        op.execute(f"DROP TRIGGER {table}_no_delete")
    for table in refused():
        op.execute(f"DROP TRIGGER {table}_kept")


def _upgrade_postgresql() -> None:
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in STAYS:
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    conditions = refused()
    # A condition that looks into other tables stands in a function.
    op.execute(
        "CREATE FUNCTION refuse_change_of_completion() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {conditions.pop('completion')} THEN RAISE EXCEPTION 'completion is append-only'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER completion_kept BEFORE UPDATE ON completion "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_completion()"
    )
    for table, condition in conditions.items():
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
        )


def _downgrade_postgresql() -> None:
    for table in refused():
        op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    op.execute("DROP FUNCTION refuse_change_of_completion()")
    for table in STAYS:
        op.execute(f"DROP TRIGGER {table}_stays ON {table}")
    for table in FROZEN:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")


def _refuse(name: str, change: str, table: str, condition: str = "") -> None:
    when = f" WHEN {condition}" if condition else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {change} ON {table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _changed(*columns: str) -> str:
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{column} {other} OLD.{column}" for column in columns) + ")"


def _changed_json(*columns: str) -> str:
    """PostgreSQL's json has no equality of its own."""
    if _sqlite():
        return _changed(*columns)
    return "(" + " OR ".join(f"NEW.{column}::text IS DISTINCT FROM OLD.{column}::text" for column in columns) + ")"


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
