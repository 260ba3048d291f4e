"""The announcement on paper: what is written down there cannot be changed any more, here neither."""

from datetime import datetime, tzinfo
from functools import lru_cache

from sqlalchemy.orm import Session

from app.models import Draw
from app.services.draws import files
from app.services.draws.files import when
from qr.card import Card
from qr.pdf import pdf
from qr.sheet import LAYOUTS, pages

TITLE, FOOT = "评价抽奖公告", "公告改一个字，哈希就不同。扫码看全部，自己核对。"
LINES = 6  # of prizes; where there are more they share them


def card(session: Session, draw: Draw, *, public_url: str, zone: tzinfo) -> Card:
    told = files.announced(session, draw)

    def day(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

    drawn = max(when(source, "drawn_at") for source in told["sources"])
    digits = [draw.announcement_sha256[start : start + 4] for start in range(0, 64, 4)]
    prizes = [f"{tier['name']} {tier['prize']} × {tier['count']}" for tier in told["tiers"]]
    return Card(
        f"{public_url}/draws/{draw.draw_id}",
        f"{told['organiser']['name']} {TITLE}",
        (
            f"编号 {draw.draw_id}",
            *(prizes if len(prizes) <= LINES else ["；".join(prizes)]),
            f"评价 {day(draw.opens)} 至 {day(draw.closes)}",
            f"开奖 {day(drawn)} · 领奖至 {day(when(told, 'claim_until'))}",
            "公告哈希（SHA-256）",
            " ".join(digits[:8]),
            " ".join(digits[8:]),
        ),
        FOOT,
    )


@lru_cache(8)
def pdf_of(announced: Card) -> bytes:
    return pdf(pages([announced], LAYOUTS["poster"]))
