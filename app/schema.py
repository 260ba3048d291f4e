"""Whether a live database has the tables this code was written for: columns, keys, indexes, checks and triggers."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import CheckConstraint, Connection, Dialect, Index, MetaData, Table, UniqueConstraint, inspect, text

# A cast PostgreSQL writes into a check it was given without one.
_CAST = re.compile(r"::[a-z ]+(\(\d+\))?(\[\])?")
_WORD = re.compile(r"'(?:[^']|'')*'|\w+")
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def differences(connection: Connection, metadata: MetaData, triggers: Collection[str]) -> Iterator[str]:
    """What is missing or made differently, each as table and name; tables the models do not know are left alone."""
    live, dialect = inspect(connection), connection.dialect
    tables = set(live.get_table_names())
    yield from sorted(metadata.tables.keys() - tables)
    ours = sorted(metadata.tables.keys() & tables)
    columns, checks = live.get_multi_columns(filter_names=ours), live.get_multi_check_constraints(filter_names=ours)
    indexes, references = live.get_multi_indexes(filter_names=ours), live.get_multi_foreign_keys(filter_names=ours)
    uniques = live.get_multi_unique_constraints(filter_names=ours)
    for key in columns:
        table = metadata.tables[key[1]]
        made = {
            **_columns_made(columns[key], dialect),
            **{one["name"]: _condition(table, one["sqltext"]) for one in checks[key]},
            **{one["name"]: _index_made(table, one) for one in indexes[key] if "duplicates_constraint" not in one},
            **{one["name"]: (*one["column_names"], True, frozenset()) for one in uniques[key]},
            **{one["name"]: (*one["constrained_columns"], one["referred_table"]) for one in references[key]},
        }
        declared = _declared(table, dialect)
        wrong = {name for name in declared.keys() | made.keys() if declared.get(name) != made.get(name)}
        yield from sorted(f"{table.name}.{name}" for name in wrong)
    yield from sorted(set(triggers).difference(connection.scalars(text(_TRIGGERS[dialect.name]))))


def _declared(table: Table, dialect: Dialect) -> dict[Any, object]:
    """The models' word on a table, by name and in the form of what is reflected."""
    declared: dict[Any, object] = {one.name: (one.type.compile(dialect), one.nullable) for one in table.columns}
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            declared[constraint.name] = _condition(table, str(constraint.sqltext))
        elif isinstance(constraint, UniqueConstraint):
            declared[constraint.name] = (*constraint.columns.keys(), True, frozenset())
    for reference in table.foreign_key_constraints:
        declared[reference.name] = (*reference.column_keys, reference.referred_table.name)
    return declared | {_name(index): _index_said(table, index, dialect) for index in table.indexes}


def _columns_made(columns: Collection[Any], dialect: Dialect) -> dict[Any, object]:
    return {one["name"]: (one["type"].compile(dialect), one["nullable"]) for one in columns}


def _index_made(table: Table, index: Any) -> object:
    where = [value for name, value in index.get("dialect_options", {}).items() if name.endswith("_where")]
    return *index["column_names"], bool(index["unique"]), _condition(table, " ".join(map(str, where)))


def _index_said(table: Table, index: Index, dialect: Dialect) -> object:
    where = index.dialect_options[dialect.name]["where"]
    return *index.columns.keys(), bool(index.unique), _condition(table, "" if where is None else str(where))


def _name(index: Index) -> str:
    """By the naming convention where it has none of its own."""
    return index.name or f"ix_{index.table.name if index.table is not None else ''}_{'_'.join(index.columns.keys())}"


def _condition(table: Table, words: str) -> frozenset[str]:
    """What a check or a partial index speaks of: columns, values and emptiness.

    PostgreSQL keeps a condition in words of its own (`IN` becomes `= ANY`, `BETWEEN` two comparisons).
    """
    found = _WORD.findall(_CAST.sub("", words))
    meant = {word for word in found if word[0] == "'" or word.isdecimal() or word in table.columns}
    return frozenset(meant | {word for word in map(str.upper, found) if word in {"NULL", "NOT", "OR"}})
