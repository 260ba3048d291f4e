"""Evidence: what is kept of a file is what can be read of it, and nothing that runs, tells or hides."""

import re
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from fpdf import FPDF
from openpyxl import Workbook, load_workbook
from openpyxl.drawing.image import Image as Drawing
from PIL import Image
from PIL.ExifTags import Base
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from app.errors import Refused
from app.models import Person
from app.services.registers import cleaning
from tests.conftest import Console
from tests.registers.conftest import Write
from tests.support.console_forms import offers, send
from tests.support.world import World

CAMERA, AUTHOR, LINK, SCRIPT = b"OurCamera", b"Somebody Else", b"/URI", b"/JavaScript"


def photo(kind: str = "JPEG") -> bytes:
    picture, written = Image.new("RGB", (60, 40), "red"), BytesIO()
    exif = picture.getexif()
    exif[Base.Make] = CAMERA.decode()
    picture.save(written, kind, exif=exif)
    return written.getvalue()


def pdf() -> bytes:
    """One page with a photo, a link, an author and a script."""
    page = FPDF()
    page.set_compression(compress=False)
    page.add_page()
    page.set_font("helvetica")
    page.cell(text="report of the quarter")
    page.image(BytesIO(photo()), w=40)
    page.link(10, 10, 20, 20, "https://elsewhere.example")
    page.set_author(AUTHOR.decode())
    anew, written = PdfWriter(BytesIO(bytes(page.output()))), BytesIO()
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    anew.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    anew.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): DictionaryObject(script)})
    anew.add_attachment("hidden.txt", b"hidden inside")
    anew.write(written)
    return written.getvalue()


def workbook(kind: str = "PNG") -> bytes:
    book: Any = Workbook()
    written = BytesIO()
    book.properties.creator = AUTHOR.decode()
    book.active["A1"] = "完成工单"
    book.active.add_image(Drawing(BytesIO(photo(kind))), "B2")
    book.save(written)
    return written.getvalue()


def repacked(content: bytes, added: dict[str, bytes]) -> bytes:
    written = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(written, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        for name, part in added.items():
            new.writestr(name, part)
    return written.getvalue()


def test_a_pdf_keeps_its_pages_and_nothing_else() -> None:
    given = pdf()
    assert all(word in given for word in (CAMERA, AUTHOR, LINK, SCRIPT))
    media_type, kept = cleaning.clean(given)
    assert media_type == cleaning.PDF
    assert not any(word in kept for word in (CAMERA, AUTHOR, LINK, SCRIPT, b"hidden"))
    [page] = PdfReader(BytesIO(kept)).pages
    assert "report of the quarter" in page.extract_text()
    assert page.images[0].image is not None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_workbook_keeps_its_cells_and_pictures_and_not_who_wrote_it(kind: str) -> None:
    given = workbook(kind)
    _media_type, kept = cleaning.clean(given)
    with ZipFile(BytesIO(given)) as old, ZipFile(BytesIO(kept)) as new:
        assert old.namelist() == new.namelist()
        before, after = (b"".join(map(book.read, book.namelist())) for book in (old, new))
    assert (AUTHOR in before, CAMERA in before) == (True, True)
    assert (AUTHOR in after, CAMERA in after) == (False, False)
    book: Any = load_workbook(BytesIO(kept))
    assert book.active["A1"].value == "完成工单"
    assert len(book.active._images) == 1  # noqa: SLF001 openpyxl has no other name for them


def test_a_photo_is_drawn_anew() -> None:
    media_type, kept = cleaning.clean(photo())
    assert (media_type, CAMERA in photo(), CAMERA in kept) == ("image/jpeg", True, False)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"MZ\x90", "evidence_kind"),
        (b"<svg onload='x'/>", "evidence_kind"),
        (b"%PDF-1.7 broken", "evidence_unreadable"),
        (b"PK\x03\x04 broken", "evidence_unreadable"),
        (b"\xff\xd8 broken", "photo_unreadable"),
        (b"%PDF-" + bytes(2 * 1024 * 1024), "evidence_too_large"),
        (repacked(workbook(), {"xl/vbaProject.bin": b"x"}), "evidence_runs"),
        (repacked(workbook(), {"xl/embeddings/oleObject1.bin": b"x"}), "evidence_runs"),
        (repacked(workbook(), {"xl/externalLinks/externalLink1.xml": b"x"}), "evidence_runs"),
    ],
)
def test_what_is_something_else_or_runs_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refused, match=code):
        cleaning.clean(content)


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MOST_UNPACKED", 1_000)
    with pytest.raises(Refused, match="evidence_too_large"):
        cleaning.clean(workbook())


def test_a_pdf_with_a_password_is_refused() -> None:
    anew, written = PdfWriter(), BytesIO()
    anew.add_blank_page(100, 100)
    anew.encrypt("secret", algorithm="RC4-128")
    anew.write(written)
    with pytest.raises(Refused, match="evidence_unreadable"):
        cleaning.clean(written.getvalue())


def test_evidence_is_put_to_a_record_and_read_by_who_may(
    world: World, console: Console, write: Write, manager: Person
) -> None:
    page = f"/console/registers/reports/{write('reports', title='三季度报告', due='2026-10-10')}"
    desk, supervisor = console(manager), console(world.supervisor)
    for sent in ((BytesIO(photo()), "报告 盖章.JPG"), (BytesIO(pdf()), "../../报告.exe")):
        assert send(desk, page, f"{page}/files", file=sent).status_code == 303
    shown = supervisor.get(page).text
    assert re.findall(r"/files/\d+\">([^<]*)</a>", shown) == ["报告 盖章.jpg", "报告.pdf"]
    numbers = re.findall(rf'{page}/files/(\d+)"', shown)
    picture, document = (supervisor.get(f"{page}/files/{number}") for number in numbers)
    assert picture.headers["Content-Disposition"].startswith("inline")
    assert document.headers["Content-Disposition"].startswith("attachment")
    assert (picture.mimetype, document.mimetype) == ("image/jpeg", "application/pdf")
    another = f"/console/registers/reports/{write('reports', title='别的', due='2026-10-10')}"
    assert supervisor.get(f"{another}/files/{numbers[0]}").status_code == 404
    assert not offers(console(world.auditor), page, f"{page}/files")


def test_what_is_no_evidence_is_said_on_the_page(world: World, console: Console, write: Write) -> None:
    page = f"/console/registers/uniform/{write('uniform', title='三楼', checked='1', passed='1', done='2026-11-19')}"
    sent = send(console(world.supervisor), page, f"{page}/files", file=(BytesIO(b"MZ"), "x.jpg"))
    assert sent.status_code == 422
    assert "只收 JPEG、PNG 照片和 PDF、XLSX、DOCX 文件。" in sent.text
