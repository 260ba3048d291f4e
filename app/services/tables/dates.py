"""Dates and times as other systems write them, read strictly: what was cut short is not a time."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.services import spelling
from app.services.tables.cells import Cell, text

FIRST_YEAR, LAST_YEAR = 1970, 2100
ISO = "iso"
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?")
_SERIAL = re.compile(r"[2-7]\d{4}(\.\d+)?")  # Excel's count of days, from 1954 to 2119
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Minutes and seconds need both digits: a line cut in the middle must not become another time.
_PARTS = {
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})",
    "%H": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d{2})",
    "%S": r"(?P<second>\d{2})",
}


class NotATime(ValueError):
    """`code` is unreadable_date (no known form), excel_serial (a count of days) or impossible_date (31 February)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Moments:
    """Reads moments in the given forms (`%d-%m-%Y %H:%M`, or `iso`); those without a zone are of `zone`."""

    def __init__(self, forms: Iterable[str], zone: ZoneInfo) -> None:
        self.forms = tuple(forms)
        self._patterns = [pattern(form) for form in self.forms if form != ISO]
        self._zone = zone
        self._read_text = lru_cache(maxsize=16_384)(self._parse)

    def read(self, cell: Cell) -> datetime:
        """The moment in UTC; raises NotATime."""
        return self._aware(cell) if isinstance(cell, datetime) else self._read_text(text(cell))

    def _parse(self, word: str) -> datetime:
        value = spelling.number(word)
        for known in self._patterns:
            if match := known.fullmatch(value):
                parts = {name: int(number) for name, number in match.groupdict().items()}
                try:
                    return self._aware(datetime(**parts))  # type: ignore[arg-type]  # noqa: DTZ001 zone follows
                except ValueError as error:
                    raise NotATime("impossible_date") from error
        if ISO in self.forms and _ISO.fullmatch(value):
            try:
                return self._aware(datetime.fromisoformat(value))
            except ValueError as error:
                raise NotATime("impossible_date") from error
        raise _no_time(value)

    def _aware(self, found: datetime) -> datetime:
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise NotATime("impossible_date")
        return (found if found.tzinfo else found.replace(tzinfo=self._zone)).astimezone(UTC)


def day(cell: Cell, forms: Iterable[str] = ("%Y/%m/%d", "%Y年%m月%d日")) -> date:
    """A day without a time, ISO or in one of the forms; raises NotATime."""
    if isinstance(cell, datetime):
        return cell.date()
    value = spelling.number(text(cell))
    for known in (_ISO_DAY, *map(pattern, forms)):
        if match := known.fullmatch(value):
            try:
                numbers = [int(part) for part in re.findall(r"\d+", match[0])]
                return date(*numbers)
            except ValueError as error:
                raise NotATime("impossible_date") from error
    raise _no_time(value)


def _no_time(value: str) -> NotATime:
    return NotATime("excel_serial" if _SERIAL.fullmatch(value) else "unreadable_date")


def pattern(form: str) -> re.Pattern[str]:
    """A form as a regular expression; raises ValueError for a form without year, month and day."""
    parts = re.split(r"(%[A-Za-z])", form)
    unknown = [part for part in parts if part.startswith("%") and part not in _PARTS]
    if unknown or not {"%Y", "%m", "%d"} <= set(parts):
        raise ValueError(form)
    return re.compile("".join(_PARTS.get(part) or re.escape(part) for part in parts))
