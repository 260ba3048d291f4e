"""A wrong upload is taken out: its bytes go, what it was, who took it out and why stay; also behind a frozen sheet."""

import hashlib
import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.models import Event, Person, RegisterFile
from tests.conftest import Console
from tests.registers.conftest import Write, stands
from tests.support.console_forms import offers, send
from tests.support.world import World

CHECK = {"title": "三楼", "checked": "20", "passed": "19", "done": "2026-11-19"}


def photo() -> BytesIO:
    written = BytesIO()
    Image.new("RGB", (60, 40), "red").save(written, "JPEG")
    written.seek(0)
    return written


@pytest.fixture
def checked(world: World, console: Console, write: Write) -> str:
    """A check of badges with a photo, confirmed by a second person; the address of its page."""
    page = f"/console/registers/uniform/{write('uniform', **CHECK)}"
    send(console(world.supervisor), page, f"{page}/files", file=(photo(), "传错的人.jpg"))
    send(console(world.admin), page, f"{page}/confirm")
    return page


def kept(world: World) -> RegisterFile:
    with world.database.reading() as session:
        file = session.scalars(select(RegisterFile)).one()
        _ = file.content
        return file


def test_its_bytes_and_name_go_and_who_why_and_the_digest_stay(world: World, console: Console, checked: str) -> None:
    before, admin = kept(world), console(world.admin)
    assert before.digest == hashlib.sha256(before.content).hexdigest()
    to = f"{checked}/files/{before.id}"
    assert admin.get(to).status_code == 200
    assert send(admin, checked, f"{to}/out", why="personal").status_code == 303
    after = kept(world)
    assert (after.content, after.name, after.digest, after.size) == (b"", "", before.digest, before.size)
    assert (after.taken_out_by_id, after.taken_out_why) == (world.admin.id, "personal")
    assert admin.get(to).status_code == 404
    shown = admin.get(checked).text
    assert "已撤下：有不该留的个人信息" in shown
    assert before.digest[:16] in shown
    assert "传错的人" not in shown
    with world.database.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "register_taken_out")).one()
    said = {"register": "uniform", "file": before.id, "digest": before.digest, "why": "personal"}
    assert (event.actor_id, event.data) == (world.admin.id, said)


def test_what_was_confirmed_with_it_has_to_be_so_again(world: World, console: Console, checked: str) -> None:
    record_id = int(checked.rpartition("/")[2])
    assert stands(world, record_id).confirmed_by_id == world.admin.id
    send(console(world.supervisor), checked, f"{checked}/files/{kept(world).id}/out", why="wrong_file")
    assert stands(world, record_id).confirmed_by_id is None


def test_it_is_done_once_with_a_reason_and_never_by_the_auditor(world: World, console: Console, checked: str) -> None:
    admin, to = console(world.admin), f"{checked}/files/{kept(world).id}/out"
    assert not offers(console(world.auditor), checked, to)
    refused = send(admin, checked, to, why="")
    assert (refused.status_code, "请选一个撤下的原因。" in refused.text) == (422, True)
    send(admin, checked, to, why="unreadable")
    assert not offers(admin, checked, to)
    with pytest.raises(DBAPIError, match="append-only"), world.database.transaction() as session:
        session.execute(text("UPDATE register_file SET taken_out_why = 'wrong_file'"))


def test_the_provider_takes_out_what_they_put_there_until_it_is_confirmed(
    world: World, console: Console, write: Write, manager: Person
) -> None:
    page = f"/console/registers/reports/{write('reports', title='三季度报告', due='2026-10-10', done='2026-10-09')}"
    desk = console(manager)
    send(desk, page, f"{page}/files", file=(photo(), "报告.jpg"))
    send(console(world.admin), page, f"{page}/confirm")
    to = f"{page}/files/{kept(world).id}/out"
    assert not offers(desk, page, to)
    assert offers(console(world.supervisor), page, to)
    other = f"/console/registers/reports/{write('reports', title='四季度报告', due='2027-01-10')}"
    send(console(world.supervisor), other, f"{other}/files", file=(photo(), "医院的.jpg"))
    send(desk, other, f"{other}/files", file=(photo(), "自己的.jpg"))
    assert len(re.findall(rf"{other}/files/\d+/out", desk.get(other).text)) == 1


def test_a_record_with_twelve_takes_another_when_one_is_taken_out(
    world: World, console: Console, checked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.registers.evidence.MOST", 1)
    admin, to = console(world.admin), f"{checked}/files"
    assert send(admin, checked, to, file=(photo(), "x.jpg")).status_code == 409
    send(admin, checked, f"{to}/{kept(world).id}/out", why="wrong_file")
    assert send(admin, checked, to, file=(photo(), "x.jpg")).status_code == 303
