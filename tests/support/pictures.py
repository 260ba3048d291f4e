"""Photos as phones take them."""

from io import BytesIO

from PIL import Image

SHENZHEN = {1: "N", 2: (22.0, 32.0, 35.0), 3: "E", 4: (114.0, 3.0, 28.0)}
GPS, MAKER, ORIENTATION = 0x8825, 0x010F, 0x0112


def photo(kind: str = "JPEG", size: tuple[int, int] = (2000, 1000), orientation: int = 1) -> bytes:
    """With the place it was taken at, the camera's maker and a comment; its left half is red."""
    picture = Image.new("RGB", size, "white")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[MAKER] = "SecretCamera"
    exif[ORIENTATION] = orientation
    exif.get_ifd(GPS).update(SHENZHEN)
    written = BytesIO()
    picture.save(written, kind, exif=exif, comment=b"hidden words")
    return written.getvalue()


def vast() -> bytes:
    """Two hundred million pixels in a small file."""
    written = BytesIO()
    Image.new("1", (20_000, 10_000)).save(written, "PNG")
    return written.getvalue()
