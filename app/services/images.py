"""A picture somebody sent, drawn anew so that only what is seen is kept and nothing hides in it."""

from io import BytesIO
from threading import Lock

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base

from app.errors import Refused

LARGEST = 2 * 1024 * 1024
LARGEST_FORM = LARGEST + 64 * 1024  # with what surrounds the file
LONGEST_SIDE = 1600
# A small file may hold a picture that fills the memory. A JPEG is read at the size it is kept at, a PNG only whole.
MOST_PIXELS = {"PNG": 12_600_000, "JPEG": 25_000_000}
# Each goes through the whole picture; a camera makes one, a progressive JPEG about ten.
MOST_SCANS = 32
FORMATS = tuple(MOST_PIXELS)
MEDIA_TYPE = "image/jpeg"
WAIT_SECONDS = 0.5
_QUALITY = 82
_MARK_SIDE = 96
_START_OF_SCAN = b"\xff\xda"
_UNREADABLE = (
    *(UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning),
    *(OSError, ValueError, SyntaxError),
)
_one_at_a_time = Lock()


def redrawn(content: bytes) -> bytes:
    """The picture as a JPEG without place, time or anything else a camera writes into it; raises Refused."""
    if len(content) > LARGEST:
        raise Refused("photo_too_large", most="2 MB")
    if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise Refused("photos_busy")
    try:
        return _redrawn(content)
    except _UNREADABLE as error:
        raise Refused("photo_unreadable") from error
    finally:
        _one_at_a_time.release()


def _redrawn(content: bytes) -> bytes:
    # Only the head is read here; the pixels come when they are asked for.
    with Image.open(BytesIO(content), formats=FORMATS) as opened:
        _bound(opened, content)
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture = opened.convert("RGB")
        orientation = _orientation(opened)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = Image.new("RGB", picture.size)
    drawn.paste(picture)
    drawn.getexif()[Base.Orientation] = orientation
    ImageOps.exif_transpose(drawn, in_place=True)
    written = BytesIO()
    drawn.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def _bound(opened: Image.Image, content: bytes) -> None:
    kind = "PNG" if opened.format == "PNG" else "JPEG"  # which has a second name for several pictures in one
    scans = content.count(_START_OF_SCAN) if kind == "JPEG" else 0
    if opened.width * opened.height > MOST_PIXELS[kind] or scans > MOST_SCANS:
        raise Refused("photo_unreadable")


def _orientation(opened: Image.Image) -> int:
    """How the camera was held: 1 where that cannot be read, for the picture still can."""
    try:
        held = opened.getexif().get(Base.Orientation)
    except Exception:  # damaged tags raise whatever they hit
        return 1
    return held if isinstance(held, int) else 1


def mark(content: bytes) -> bytes:
    """A hospital's mark as a small PNG, transparent where it was; raises Refused."""
    if b"<svg" in content[:1024].lower() or content[:5] == b"<?xml":
        raise Refused("mark_is_svg")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as opened:
            _bound(opened, content)
            picture = opened.convert("RGBA")
    except _UNREADABLE as error:
        raise Refused("photo_unreadable") from error
    picture.thumbnail((_MARK_SIDE, _MARK_SIDE))
    drawn = Image.new("RGBA", picture.size)
    drawn.paste(picture)
    written = BytesIO()
    drawn.save(written, "PNG", optimize=True)
    return written.getvalue()
