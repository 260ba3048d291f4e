"""Photos that were made to do harm, or that a phone has damaged."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.errors import Refused
from app.models import IdempotentPost, Ticket, TicketPhoto
from app.services import images
from tests.api.conftest import TakePhone
from tests.support.phone import Phone, code, told
from tests.support.pictures import photo
from tests.support.world import World

KEY = "one-photo-1"


@pytest.mark.parametrize(
    "damaged",
    [
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\0\x05\x01",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04abc\0\0\0\0\0",
    ],
    ids=["no directory", "cut off", "letters for a number"],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_damaged_tags_do_not_spoil_the_picture(damaged: bytes) -> None:
    with Image.open(BytesIO(images.redrawn(tagged(damaged)))) as picture:
        assert picture.size == (40, 20)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_it_stands_as_it_was_taken(orientation: int, kind: str) -> None:
    with Image.open(BytesIO(images.redrawn(photo(kind, (40, 20), orientation)))) as picture:
        assert picture.size == ((40, 20) if orientation < 5 else (20, 40))
        assert not picture.getexif()
        corner = picture.getpixel((2, 2))
    # The left half was red: with these that is above, or still on the left.
    assert isinstance(corner, tuple)
    assert (corner[1] < 100) == (orientation in {1, 4, 5, 6})


def test_a_bomb_is_refused_before_it_is_unfolded() -> None:
    with pytest.raises(Refused, match="photo_unreadable"):
        images.redrawn(bomb(6300, 6300))
    with pytest.raises(Refused, match="photo_unreadable"):
        images.redrawn(bomb(12_000, 10_000))
    assert images.redrawn(bomb(4096, 3072))


def test_a_picture_drawn_over_and_over_is_refused() -> None:
    written = BytesIO()
    Image.new("RGB", (64, 64), "red").save(written, "JPEG", progressive=True)
    whole = written.getvalue()
    assert images.redrawn(whole)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    with pytest.raises(Refused, match="photo_unreadable"):
        images.redrawn(whole[:-2] + scan * images.MOST_SCANS + whole[-2:])


def test_while_one_is_drawn_another_is_told_so_and_its_key_stays_free(nurse: Phone, world: World) -> None:
    path = f"/tickets/{reported(nurse)}/photos"
    with images._one_at_a_time:  # noqa: SLF001 as the drawing of another does
        assert code(nurse.upload(path, photo(), key=KEY)) == (503, "photos_busy")
    assert nurse.upload(path, photo(), key=KEY).status_code == 201


def test_nothing_is_drawn_for_who_may_add_none_nor_a_second_time(
    nurse: Phone, take_phone: TakePhone, world: World
) -> None:
    number = reported(nurse)
    path = f"/tickets/{number}/photos"
    first = nurse.upload(path, photo(), key=KEY)
    doctor, stranger = take_phone("supervisor", world.doctor), take_phone("stranger")
    with images._one_at_a_time:  # noqa: SLF001 whoever came as far as the drawing would hear that it is busy
        assert nurse.upload(path, photo(), key=KEY).data == first.data
        assert code(doctor.upload(path, photo())) == (404, "no_such_ticket")
        assert code(stranger.upload(path, photo())) == (403, "bind_first")
        with world.database.reading() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        world.move(ticket, "cancel")
        assert code(nurse.upload(path, photo())) == (409, "not_open")


def test_what_cannot_be_read_leaves_no_key_behind(nurse: Phone, world: World) -> None:
    path = f"/tickets/{reported(nurse)}/photos"
    assert code(nurse.upload(path, b"no picture", key=KEY)) == (422, "photo_unreadable")
    with world.database.reading() as session:
        assert session.scalar(select(IdempotentPost.key).where(IdempotentPost.key == KEY)) is None
        assert session.scalar(select(TicketPhoto.id)) is None


def reported(phone: Phone) -> str:
    return str(told(phone.post("/tickets", {"description": "坏了"}))["number"])


def tagged(exif: bytes) -> bytes:
    """A small JPEG that carries these bytes as what a camera writes into it."""
    written = BytesIO()
    Image.new("RGB", (40, 20), "red").save(written, "JPEG", exif=b"Exif\0\0" + exif)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that is as many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
