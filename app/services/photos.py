"""Photos of a fault: drawn anew from what was sent, so that only the picture is kept and nothing hides in it."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Ticket, TicketPhoto
from app.models.ticket import OPEN_STATES
from app.services.pages import Line

MOST = 3
LARGEST = 2 * 1024 * 1024
LONGEST_SIDE = 1600
# A small file may hold a picture that fills the memory.
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG")
MEDIA_TYPE = "image/jpeg"
_QUALITY = 82


def redrawn(content: bytes) -> bytes:
    """The picture as a JPEG without place, time or anything else a camera writes into it; raises Refused."""
    if len(content) > LARGEST:
        raise Refused("photo_too_large", most="2 MB")
    try:
        # Only the head is read here; the pixels come when they are asked for.
        with Image.open(BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused("photo_unreadable")
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Refused("photo_unreadable") from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = Image.new("RGB", picture.size)
    drawn.paste(picture)
    written = BytesIO()
    drawn.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def add(session: Session, ticket: Ticket, content: bytes, *, by: int, at: datetime) -> int:
    """One more photo of this ticket, by whoever reported it; the ticket is locked. Raises Refused."""
    if ticket.requester_id != by:
        raise Missing("no_such_ticket")
    if ticket.state not in OPEN_STATES:
        raise Refused("not_open", state=ticket.state)
    if (session.scalar(select(func.count()).where(TicketPhoto.ticket_id == ticket.id)) or 0) >= MOST:
        raise Refused("photos_enough", most=MOST)
    photo = TicketPhoto(ticket_id=ticket.id, media_type=MEDIA_TYPE, content=content, at=at)
    session.add(photo)
    session.flush()
    return photo.id


def of_ticket(session: Session, ticket_id: int) -> Sequence[int]:
    query = select(TicketPhoto.id).where(TicketPhoto.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketPhoto.id)).all()


def read(session: Session, ticket_id: int, photo_id: int) -> Line:
    """Its media type and content; raises Missing."""
    row = session.execute(
        select(TicketPhoto.media_type, TicketPhoto.content).where(
            TicketPhoto.id == photo_id, TicketPhoto.ticket_id == ticket_id
        )
    ).first()
    if row is None:
        raise Missing("no_such_photo")
    return row
