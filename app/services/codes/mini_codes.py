"""Mini-program codes as WeChat drew them: the same content is asked for once, for they last for ever."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.models import MiniCode, Ticket
from app.services.codes.slips import Paper
from app.services.links import Links
from qr.mini_code import BadPicture, Mini, read

PAGE = "pages/rate/index"
WIDTH = 430
FRESH, MOST_FRESH = timedelta(days=1), 500
_AT_ONCE = 500
_JPEG = b"\xff\xd8"

log = structlog.get_logger(__name__)


def scene(links: Links, ticket_id: int) -> str:
    return links.ticket_path(ticket_id).removeprefix("/r/")


def content(appid: str, scene: str) -> str:
    """A digest of all that the picture depends on."""
    return blake2b(f"{appid}\n{PAGE}\n{WIDTH}\n{scene}".encode(), digest_size=20).hexdigest()


def fresh(session: Session, *, at: datetime) -> Sequence[int]:
    """Tickets whose slips are likely to be printed soon."""
    query = select(Ticket.id).where(Ticket.reported_at > at - FRESH, Ticket.state != "cancelled", Ticket.rateable)
    return session.scalars(query.order_by(Ticket.reported_at.desc()).limit(MOST_FRESH)).all()


def missing(session: Session, links: Links, tickets: Sequence[int], *, appid: str) -> dict[str, str]:
    """What WeChat has not drawn yet: contents, each with its scene."""
    scenes = {content(appid, scene(links, ticket_id)): scene(links, ticket_id) for ticket_id in tickets}
    for some in _batches(list(scenes)):
        for known in session.scalars(select(MiniCode.content).where(MiniCode.content.in_(some))):
            del scenes[known]
    return scenes


def store(session: Session, content: str, picture: bytes, *, at: datetime) -> None:
    media_type = "image/jpeg" if picture.startswith(_JPEG) else "image/png"
    insert_first(session, MiniCode, content=content, media_type=media_type, picture=picture, at=at)


def on_paper(session: Session, paper: Paper, tickets: Sequence[int], *, appid: str, beside: bool) -> Paper:
    """The slips of these tickets get the codes that are here; the others are printed with their links."""
    ids = {content(appid, scene(paper.links, ticket_id)): ticket_id for ticket_id in tickets}
    minis = {}
    for some in _batches(list(ids)):
        found = select(MiniCode.content, MiniCode.picture).where(MiniCode.content.in_(some))
        for known, picture in session.execute(found):
            try:
                minis[ids[known]] = Mini(read(picture), beside)
            except BadPicture:
                log.warning("a mini-program code is no picture", ticket=ids[known])
    return replace(paper, minis=minis)


def _batches(contents: list[str]) -> Iterable[list[str]]:
    return (contents[first : first + _AT_ONCE] for first in range(0, len(contents), _AT_ONCE))
