"""The reject file: every row that was not read, where it stands, what was found and what was expected."""

import csv
from pathlib import Path
from types import TracebackType

from app.cli.faults import expected
from app.cli.words import _
from app.services.imports.tables import Fault


class Rejects:
    """Written row by row as UTF-8 with BOM, so that Excel shows Chinese; gone again when nothing was rejected."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([_("行号"), _("列"), _("值"), _("应为")])

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not self.count and self.path.is_file():  # and not /dev/null
            self.path.unlink()

    def add(self, faults: list[Fault]) -> None:
        self.count += len(faults)
        for fault in faults:
            row = [fault.line, _plain(fault.column), _plain(fault.value), expected(fault.code, fault.facts)]
            self._writer.writerow(row)
        self._file.flush()


def _plain(value: str) -> str:
    # A value that begins like a formula would be run by the spreadsheet it is opened in; -100 is a number.
    formula = value[:1] in {"=", "+", "@", "\t"} or (value[:1] == "-" and not value[1:2].isdecimal())
    return f"'{value}" if formula else value
