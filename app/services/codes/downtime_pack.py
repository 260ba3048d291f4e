"""Forms for when the system is away: numbered, on A5, to be filled in by hand."""

from collections.abc import Iterable, Iterator

from app.services.tickets import downtime
from app.texts.catalogue import named
from qr.card import Words
from qr.sheet import LAYOUTS, Line, Page

TITLE = "停机报修登记 {}"
NOTE = "系统恢复后交服务台补录；按实际时间填写，由信息科核对。请不要写患者信息。"
MARGIN, FIRST, STEP = 12.0, 34.0, 12.8  # mm


def pages(numbers: Iterable[int]) -> Iterator[Page]:
    width, height = LAYOUTS["a5"].width, LAYOUTS["a5"].height
    for number in numbers:
        words = [Words(MARGIN, 18, 6, TITLE.format(downtime.name(number))), Words(MARGIN, 25, 3, named(NOTE))]
        rules = []
        for place, label in enumerate(downtime.lines()):
            y = FIRST + place * STEP
            words.append(Words(MARGIN, y, 3.4, label))
            rules.append(Line(MARGIN + 50, y + 1.5, width - MARGIN, y + 1.5))
        yield Page(width, height, (), tuple(words), tuple(rules), ())
