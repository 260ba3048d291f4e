from io import BytesIO

import qrcode
from PIL import Image, ImageDraw

_LABEL, _LABEL_HEIGHT = "SANDBOX", 24


def code_picture(text: str, *, width: int, form: str = "JPEG") -> bytes:
    """A QR code that says by itself where it comes from."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make()
    drawn = code.make_image().get_image().convert("RGB").resize((width, width), Image.Resampling.NEAREST)
    picture = Image.new("RGB", (width, width + _LABEL_HEIGHT), "white")
    picture.paste(drawn)
    ImageDraw.Draw(picture).text((width / 2, width), _LABEL, fill="black", anchor="ma", font_size=18)
    file = BytesIO()
    picture.save(file, form)
    return file.getvalue()
