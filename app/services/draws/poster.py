"""The announcement on paper: what is written down there cannot be changed any more, here neither."""

from datetime import datetime, tzinfo
from functools import lru_cache

from app.errors import Refused
from app.services.draws.published_files import Fields, when
from qr.card import Card, Note
from qr.matrix import TooLong
from qr.pdf import pdf
from qr.sheet import LAYOUTS, Page, pages

TITLE, FOOT = "评价抽奖公告", "公告改一个字，哈希就不同。扫码看全部，自己核对。"
LINES = 6  # of prizes; where there are more they share them


def card(announced: Fields, sha256: str, *, public_url: str, zone: tzinfo) -> Card:
    """Of an announcement, or of one that is still a draft."""

    def day(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

    drawn = max(when(source, "drawn_at") for source in announced["sources"])
    digits = [sha256[start : start + 4] for start in range(0, 64, 4)]
    prizes = [f"{tier['name']} {tier['prize']} × {tier['count']}" for tier in announced["tiers"]]
    return Card(
        f"{public_url}/draws/{announced['draw_id']}",
        f"{announced['organiser']['name']} {TITLE}",
        (
            f"编号 {announced['draw_id']}",
            *(prizes if len(prizes) <= LINES else ["；".join(prizes)]),
            f"评价 {day(when(announced, 'opens'))} 至 {day(when(announced, 'closes'))}",
            f"开奖 {day(drawn)} · 领奖至 {day(when(announced, 'claim_until'))}",
            "公告哈希（SHA-256）",
            " ".join(digits[:8]),
            " ".join(digits[8:]),
        ),
        FOOT,
    )


@lru_cache(8)
def pdf_of(announced: Card) -> bytes:
    return pdf([_page(announced)])


def notes(announced: Card) -> tuple[Note, ...]:
    """What it cannot show as it was written."""
    return _page(announced).notes


def _page(announced: Card) -> Page:
    try:
        return next(pages([announced], LAYOUTS["poster"]))
    except TooLong as error:
        raise Refused("address_too_long") from error
