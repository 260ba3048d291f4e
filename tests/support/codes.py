"""What a camera reads in a picture."""

from typing import Any

import zxingcpp

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read_codes(picture: Any) -> list[zxingcpp.Barcode]:
    """Its QR codes; looking for the other kinds as well takes five times as long."""
    return list(zxingcpp.read_barcodes(picture, formats=QR))
