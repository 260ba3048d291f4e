"""Documents somebody hands in, written anew: what is read stays; what runs, who wrote it, where a photo was taken goes.

A PDF keeps its pages, an XLSX or DOCX its parts; both are bounded, for a small file may hold one that fills the memory.
"""

import re
from io import BytesIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from app.errors import Refused
from app.services import images
from app.services.images import LARGEST

PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_KINDS = {
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
}
ENDINGS = {images.MEDIA_TYPE: "jpg", PDF: "pdf", _KINDS["xl/workbook.xml"]: "xlsx", _KINDS["word/document.xml"]: "docx"}
MOST_PAGES, MOST_PARTS, MOST_UNPACKED = 300, 2_000, 40 * 1024 * 1024
_ACTS = ("/Annots", "/AA", "/Metadata", "/PieceInfo")  # of a page: links and forms, what runs, who wrote it
_RUNS = re.compile(r"vbaProject|activeX|embeddings/|externalLinks/|oleObject", re.IGNORECASE)
_EXIF = re.compile(rb"\xff\xe1(..)(?:Exif\x00\x00|http://ns\.adobe\.com/)", re.DOTALL)
_TEXT_CHUNKS = (b"eXIf", b"tEXt", b"iTXt", b"zTXt")  # of a PNG
_PNG = b"\x89PNG\r\n\x1a\n"
_PROPERTIES = "http://schemas.openxmlformats.org"
_EMPTY = {
    "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PROPERTIES}/package/2006/metadata/core-properties"/>',
    "docProps/app.xml": f'<Properties xmlns="{_PROPERTIES}/officeDocument/2006/extended-properties"/>',
    "docProps/custom.xml": f'<Properties xmlns="{_PROPERTIES}/officeDocument/2006/custom-properties"/>',
}


def clean(content: bytes) -> tuple[str, bytes]:
    """What it is, and what is kept of it. Raises Refused."""
    if len(content) > LARGEST:
        raise Refused("evidence_too_large", most="2 MB")
    if content.startswith((b"\xff\xd8", _PNG)):
        return images.MEDIA_TYPE, images.redrawn(content)
    try:
        if content.startswith(b"%PDF-"):
            return PDF, _pdf(content)
        if content.startswith(b"PK\x03\x04"):
            return _office(content)
    except Refused:
        raise
    except Exception as error:  # a file of others can be broken in every way there is
        raise Refused("evidence_unreadable") from error
    raise Refused("evidence_kind")


def _pdf(content: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter  # loads a library of fonts: for whoever hands one in

    read = PdfReader(BytesIO(content), strict=False)
    if read.is_encrypted or not 0 < len(read.pages) <= MOST_PAGES:
        raise Refused("evidence_unreadable")
    written, anew = BytesIO(), PdfWriter()
    for page in read.pages:
        added = anew.add_page(page)
        for name in _ACTS:
            added.pop(name, None)
    anew.metadata = None
    anew.write(written)
    return _without_exif(written.getvalue())


def _office(content: bytes) -> tuple[str, bytes]:
    try:
        with ZipFile(BytesIO(content)) as read:
            parts = [part for part in read.infolist() if not part.is_dir()]
            names = {part.filename for part in parts}
            media_type = next((kind for name, kind in _KINDS.items() if name in names), None)
            if media_type is None:
                raise Refused("evidence_kind")
            if any(_RUNS.search(name) for name in names) or len(parts) > MOST_PARTS:
                raise Refused("evidence_runs")
            if sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Refused("evidence_too_large", most="2 MB")
            written = BytesIO()
            with ZipFile(written, "w", ZIP_DEFLATED) as anew:
                for part in parts:
                    anew.writestr(ZipInfo(part.filename), _part(part.filename, read.read(part)), ZIP_DEFLATED)
    except BadZipFile as error:
        raise Refused("evidence_unreadable") from error
    return media_type, written.getvalue()


def _part(name: str, content: bytes) -> bytes:
    if name in _EMPTY:
        return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{_EMPTY[name]}'.encode()
    return _plain_png(content) if content.startswith(_PNG) else _without_exif(content)


def _without_exif(content: bytes) -> bytes:
    """What a camera wrote into its pictures is blanked where it stands, so that nothing moves."""
    blank = bytearray(content)
    for found in _EXIF.finditer(content):
        begins, ends = found.start() + 4, found.start() + 2 + int.from_bytes(found[1], "big")
        blank[begins:ends] = bytes(min(ends, len(blank)) - begins)
    return bytes(blank)


def _plain_png(content: bytes) -> bytes:
    kept, at = [content[:8]], 8
    while at + 12 <= len(content):
        ends = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] not in _TEXT_CHUNKS:
            kept.append(content[at:ends])
        at = ends
    return b"".join(kept)
