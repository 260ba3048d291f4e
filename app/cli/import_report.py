"""The report of an import: how many rows became what, and the reject file with every row that was not read."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import click

from app.cli.errors import expected
from app.cli.i18n import _
from app.services.tables.formulas import guarded
from app.services.tables.records import Fault


@dataclass
class Counts:
    """read = imported + unchanged + rejected, at every moment that can be seen."""

    imported: int = 0
    unchanged: int = 0
    rejected: int = 0

    def facts(self) -> dict[str, int]:
        return {"read": self.imported + self.unchanged + self.rejected, **vars(self)}

    def line(self) -> str:
        """The last line on standard output; other programs read it."""
        return " ".join(f"{name}={count}" for name, count in self.facts().items())


class Rejects:
    """Written row by row as UTF-8 with BOM, so that Excel shows Chinese; gone again when nothing was rejected."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file = path.open("w", encoding="utf-8-sig", errors="replace", newline="")
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
            lines = f"{fault.line}–{fault.last}" if fault.last > fault.line else fault.line
            row = [fault.column, fault.value, expected(fault.code, fault.facts)]
            self._writer.writerow([lines, *map(guarded, row)])
        self._file.flush()

    def report(self, counts: Counts, as_json: bool, **more: object) -> None:
        """The report of an import; the count line comes last."""
        path = str(self.path) if self.count else None
        if as_json:
            click.echo(json.dumps({**counts.facts(), "rejects": path, **more}, ensure_ascii=False))
            return
        if path:
            click.echo(_("有 %(count)s 行没有导入，原因见 %(path)s", count=self.count, path=path))
        click.echo(counts.line())


def open_rejects(file: Path, chosen: Path | None) -> Rejects:
    """The reject file of this import; a path that cannot be written is a usage error."""
    path = chosen or Path(f"{file.name}.rejects.csv")
    if path.exists() and file.exists() and path.samefile(file):
        raise click.BadParameter(_("退回文件不能是要导入的文件本身。"), param_hint="--rejects")
    try:
        return Rejects(path)
    except OSError as error:
        words = _("退回文件 %(path)s 写不了：%(reason)s。", path=path, reason=error.strerror)
        raise click.BadParameter(words, param_hint="--rejects") from error
