"""The sample log as rows, and ways to write them to a file again."""

import csv
import gzip
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import xlsxwriter

from app.paths import ROOT

SAMPLE = ROOT / "tests" / "data" / "servicenow_incident_log_sample.csv.gz"
TICKETS, NODES = 890, 5_998
FEW = 1_000

Rows = list[list[str]]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: exit status, what it printed, its counts and the rows of its reject file."""

    status: int
    stdout: str
    stderr: str
    rejects: list[dict[str, str]]

    @property
    def counts(self) -> dict[str, int]:
        last = self.stdout.rstrip("\n").rpartition("\n")[2]
        return {name: int(count) for name, count in (part.split("=") for part in last.split(" "))}


def counts(read: int, imported: int = 0, unchanged: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"read": read, "imported": imported, "unchanged": unchanged, "rejected": rejected}


def sample() -> tuple[list[str], Rows]:
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def as_bytes(header: list[str], rows: Rows, encoding: str = "utf-8") -> bytes:
    text = StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def write_xlsx(path: Path, header: list[str], rows: Rows) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *rows]):
            sheet.write_row(number, 0, row)
    return path
