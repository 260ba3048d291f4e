"""A database as it tells itself: tables, checks, indexes, triggers and functions, in an order of their own."""

from typing import Any

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex


def described(engine: Engine) -> dict[str, dict[str, Any]]:
    """Every table but alembic's own."""
    seen = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in seen.get_columns(table)
            },
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "checks": sorted((check["name"] or "", check["sqltext"]) for check in seen.get_check_constraints(table)),
            "indexes": sorted(map(_index_told, seen.get_indexes(table))),
            "uniques": sorted(
                (unique["name"], unique["column_names"]) for unique in seen.get_unique_constraints(table)
            ),
            "references": sorted(map(str, seen.get_foreign_keys(table))),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def programs(engine: Engine) -> dict[str, str]:
    """Triggers and functions, each by its own words."""
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": """
            SELECT tgname, pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal UNION ALL
            SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return {name: " ".join(words.split()) for name, words in connection.execute(text(query))}


def _index_told(index: ReflectedIndex) -> str:
    where = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} unique={bool(index['unique'])} {where}"
