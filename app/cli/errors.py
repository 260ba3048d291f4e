"""What was wrong with a file or a row, in the words of the command line."""

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from app.cli.i18n import gettext
from app.errors import Refused
from app.texts.tables import FILES, ROWS

DATABASE = (OperationalError, ProgrammingError)


def database(error: DBAPIError) -> str:
    """The database as the reason: away, or without the tables this code expects."""
    return gettext("数据库不能用：%(reason)s。请先运行 alembic upgrade head。", reason=error.orig)


def words(refused: Refused) -> str:
    """A refusal of the whole file as a sentence."""
    return gettext(FILES[refused.code], **refused.facts)


def expected(code: str, facts: tuple[tuple[str, object], ...]) -> str:
    """What was expected in place of a row's value."""
    return gettext(ROWS[code], **dict(facts))
