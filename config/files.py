"""The TOML files a hospital edits: read whole, and a mistake named by file, key and what was expected there."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import time
from functools import reduce
from hashlib import sha256
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, GetCoreSchemaHandler, Strict, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

CLOSED = ConfigDict(extra="forbid")
UNKNOWN = "unexpected_keyword_argument"
T = TypeVar("T")


class BadFile(ValueError):
    """What is wrong with a file, a sentence for each mistake."""


@dataclass(frozen=True)
class Expected:
    """Beside a type in a table: what has to stand there, in words, and the rest of the rule."""

    words: str
    holds: Callable[[Any], bool] = lambda _value: True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: Any) -> Any:
        if not self.holds(value):
            raise ValueError(self.words)
        return value


Text = Annotated[str, Expected("a text", lambda text: bool(text.strip()))]
Flag = Annotated[bool, Strict(), Expected("true or false")]
Count = Annotated[int, Strict(), Expected("a whole number of at least 1", lambda number: number >= 1)]


def written_time(value: object) -> object:
    """Before a time of the day: a number would be taken for seconds."""
    return value if isinstance(value, str | time) else None


def file_digests() -> dict[str, str]:
    """SHA-256 in hexadecimal of each TOML file beside this one, by its name."""
    here = Path(__file__).parent
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(here.glob("*.toml"))}


def read_file(path: Path, kind: type[T]) -> T:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path.name}: expected text in UTF-8") from error
    return read_text(text, kind, name=path.name)


def read_text(text: str, kind: type[T], *, name: str) -> T:
    """The tables of a file as a pydantic dataclass; raises BadFile with every mistake in it."""
    try:
        return TypeAdapter(kind).validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{name}: expected TOML; {error}") from error
    except ValidationError as error:
        raise BadFile("\n".join(_sentences(name, kind, error.errors(include_url=False)))) from error


def _sentences(name: str, kind: type, errors: list[ErrorDetails]) -> Iterator[str]:
    odd = [error["loc"][:-1] for error in errors if error["type"] == UNKNOWN]
    for error in errors:
        where = error["loc"]
        if error["type"] == UNKNOWN:
            yield _unknown(name, kind, *map(str, where))
        # Where a name is misspelt, the right one is missing too, and everything in its table.
        elif error["type"] != "missing" or not any(where[: len(table)] == table for table in odd):
            yield _unfit(name, kind, *map(str, where), value=error["input"])


def _unknown(name: str, kind: type, *where: str) -> str:
    *tables, key = where
    known = sorted(field.name for field in fields(_bare(reduce(_member, tables, kind))))
    return f"{name}{_table(tables)}: {key} is not known; expected {', '.join(known)}"


def _unfit(name: str, kind: type, *where: str, value: object) -> str:
    *tables, key = where[:-1] if where[-1] == "[key]" else where
    hint: Any = reduce(_member, tables, kind)
    if get_origin(_bare(hint)) is tuple:
        # One of a list: the list has a name, what stands in it has not.
        *tables, key = tables
        return f"{name}{_table(tables)} {key}: expected {_words(hint) or f'{_words(_member(hint, key))}, not {value}'}"
    hint = get_args(_bare(hint))[0] if where[-1] == "[key]" else _member(hint, key)
    return f"{name}{_table(tables)} {key}: expected {_words(hint) or 'a table'}"


def _table(path: list[str]) -> str:
    return f" [{'.'.join(path)}]" if path else ""


def _member(hint: Any, step: str) -> Any:
    """The type of what stands under this key."""
    table = _bare(hint)
    if is_dataclass(table):
        return get_type_hints(table, include_extras=True)[step]
    return get_args(table)[0 if get_origin(table) is tuple else 1]


def _bare(hint: Any) -> Any:
    if get_origin(hint) is UnionType:
        hint = get_args(hint)[0]
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _words(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return f"one of {', '.join(sorted(map(str, get_args(hint))))}"
    found = [known.words for known in getattr(hint, "__metadata__", ()) if isinstance(known, Expected)]
    return found[-1] if found else ""
