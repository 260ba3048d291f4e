"""Triggers of tables that only grow, for revisions to come: what they make is held to `app/models/append_only.py`."""

from collections.abc import Sequence

from alembic import op


def frozen(table: str, key: str) -> None:
    """Nothing of a row is changed or deleted."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    taken = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 names of our own
    for name, change, when in (
        ("no_update", "UPDATE", ""),
        ("no_delete", "DELETE", ""),
        ("no_replace", "INSERT", f" WHEN {taken}"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def words_only_go(table: str, key: str, *, kept: Sequence[str], words: Sequence[str]) -> None:
    """Nothing of a row is changed or deleted, but for its words, which can be erased."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    other = "IS NOT" if sqlite else "IS DISTINCT FROM"
    changed = [f"NEW.{column} {other} OLD.{column}" for column in kept]
    changed += [f"NEW.{column} {other} OLD.{column} AND NEW.{column} <> ''" for column in words]
    refused = " OR ".join(changed)
    if not sqlite:
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({refused}) "
            "EXECUTE FUNCTION refuse_change()"
        )
        return
    taken = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 names of our own
    for name, change, when in (
        ("no_replace", "INSERT", f" WHEN {taken}"),
        ("no_delete", "DELETE", ""),
        ("kept", "UPDATE", f" WHEN {refused}"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
