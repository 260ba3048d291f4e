"""staff numbers, telephones and ticket numbers as imports write them since: no full-width letters, nothing invisible

Who is looked up is spelled anew first, so a number kept before in another spelling is found by nobody, and the next
roster would make a second person of it. A number that another row has already stays: whose it is nobody can say from
here, and a merged person would have two people's ratings. `flask people spellings` lists what stays.

Revision ID: 0018
Revises: 0017
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator

from alembic import op
import sqlalchemy as sa

revision = "0018"
down_revision = "0017"

_FLOAT = re.compile(r"(\d{7,})\.0+")
CHUNK = 10_000


def upgrade() -> None:
    _respell("ticket", "number", _number)
    held = _let_go()
    _respell("person", "staff_number", _number)
    _respell("person", "telephone", _telephone, unique=False)
    _hold(held)


def downgrade() -> None:
    """Nobody misses the old spelling."""


def _respell(table: str, column: str, spelled: Callable[[str], str], *, unique: bool = True) -> None:
    connection = op.get_bind()
    odd = {id_: new for id_, old in _rows(table, column) if (new := spelled(old)) != old and new}
    if not odd:
        return
    wanted = Counter(odd.values())
    taken = {old for _id, old in _rows(table, column) if unique and old in wanted}
    change = sa.text(f"UPDATE {table} SET {column} = :new WHERE id = :id")  # noqa: S608 our own names
    for id_, new in odd.items():
        if unique and (new in taken or wanted[new] > 1):
            continue
        connection.execute(change, {"id": id_, "new": new})


def _rows(table: str, column: str) -> Iterator[tuple[int, str]]:
    after = 0
    query = sa.text(f"SELECT id, {column} FROM {table} WHERE id > :after ORDER BY id LIMIT {CHUNK}")  # noqa: S608
    while rows := op.get_bind().execute(query, {"after": after}).all():
        yield from ((id_, text) for id_, text in rows if text)
        after = rows[-1][0]


def _number(word: str) -> str:
    if word.isascii() and word.isprintable():
        return word.strip()
    return _visible(unicodedata.normalize("NFKC", _visible(word)))


def _telephone(word: str) -> str:
    plain = _number(word)
    found = _FLOAT.fullmatch(plain)
    return found[1] if found else plain


def _visible(word: str) -> str:
    return "".join(one for one in word if one.isspace() or unicodedata.category(one) not in {"Cf", "Cc"}).strip()


def _let_go() -> str:
    """The trigger that holds a person to their number; what SQLite makes it again by."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.execute("ALTER TABLE person DISABLE TRIGGER person_kept")
        return ""
    made = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'person_kept'"))
    op.execute("DROP TRIGGER person_kept")
    return str(made)


def _hold(made: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.get_bind().exec_driver_sql(made)
    else:
        op.execute("ALTER TABLE person ENABLE TRIGGER person_kept")
