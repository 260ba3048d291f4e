"""What a camera reads in a picture."""

from typing import Any

import zxingcpp


def read_codes(picture: Any) -> list[zxingcpp.Barcode]:
    """Its QR codes; looking for the other kinds as well takes five times as long."""
    # Not kept in the module: at the end of the process the library complains of what is kept.
    return list(zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)))
