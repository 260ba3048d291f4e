"""The letters to departments on paper: a page each, one by itself or all of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from string import digits, punctuation
from tempfile import NamedTemporaryFile
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fpdf import FPDF

from app.services.reports.document import LEADING, begin, line, printable
from app.services.tables.writer import Sink
from qr.font import NO_GLYPH, only

SIZES = (11, 10, 9, 8)
LONGEST = 160
GAP, HEAD = 5, 35  # millimetres: before each part, and what stands above and below them all
Parts = Sequence[tuple[str, Sequence[str]]]
UNSAFE = str.maketrans(dict.fromkeys('\\/:*?"<>|', "_"))


class Written(Protocol):
    @property
    def title(self) -> str: ...

    @property
    def department(self) -> str: ...

    @property
    def to(self) -> str: ...

    @property
    def parts(self) -> Parts: ...


def document(letters: Sequence[Written], *, hospital: str, at: datetime, font: str = "") -> bytes:
    pdf = begin(letters[0].title, foot=hospital, at=at, only=font)
    pdf.numbered = False  # each is somebody else's
    for number, letter in enumerate(letters):
        if number:
            pdf.add_page()
        _draw(pdf, letter, f"{hospital} · {at:%Y-%m-%d}")
    return bytes(pdf.output())


def archive(letters: Sequence[Written], *, hospital: str, at: datetime) -> Iterator[bytes]:
    """Each in a file of its own, as they are written."""
    sink = Sink()
    with NamedTemporaryFile(suffix=".otf") as small, ZipFile(sink, "w") as files:
        small.write(only(_signs(letters, hospital)))
        small.flush()
        for number, letter in enumerate(letters, start=1):
            part = ZipInfo(f"{number:03}-{letter.department.translate(UNSAFE)}.pdf", at.timetuple()[:6])
            part.compress_type = ZIP_DEFLATED
            files.writestr(part, document([letter], hospital=hospital, at=at, font=small.name))
            yield sink.take()
    yield sink.take()


def _signs(letters: Sequence[Written], hospital: str) -> str:
    """Every one that may stand in them."""
    texts = [text for one in letters for heading, part in one.parts for text in (one.title, one.to, heading, *part)]
    return printable("".join(texts) + hospital) + f"{NO_GLYPH}·… {digits}{punctuation}"


def _draw(pdf: FPDF, letter: Written, foot: str) -> None:
    """In the largest size that leaves it on its page; what is too long even in the smallest is cut."""
    parts: Parts = [(heading, [f"· {printable(one)}" for one in points]) for heading, points in letter.parts]
    size = next((size for size in SIZES if _height(pdf, parts, size) <= pdf.eph - HEAD), None)
    if size is None:
        size, parts = SIZES[-1], [(heading, [_cut(one) for one in points]) for heading, points in parts]
    line(pdf, letter.title, size=18)
    pdf.ln(2)
    line(pdf, letter.to, size=13)
    for heading, sentences in parts:
        pdf.ln(GAP)
        line(pdf, heading, size=13)
        for sentence in sentences:
            pdf.ln(1)
            pdf.set_font("sc", size=size)
            pdf.multi_cell(**_laid(sentence, size), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(GAP)
    line(pdf, foot, size=10, soft=True)


def _height(pdf: FPDF, parts: Parts, size: int) -> float:
    pdf.set_font("sc", size=size)
    every = [sentence for _, sentences in parts for sentence in sentences]
    high: list[Any] = [pdf.multi_cell(**_laid(one, size), dry_run=True, output="HEIGHT") for one in every]
    return float(sum(high) + len(high) + len(parts) * (GAP + 13 * LEADING))


def _laid(sentence: str, size: int) -> dict[str, Any]:
    """Chinese breaks behind any sign."""
    return {"w": 0, "h": size * LEADING, "text": sentence, "align": "L", "wrapmode": "CHAR"}


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else f"{sentence[:LONGEST]}……"
