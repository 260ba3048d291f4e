"""The registers' pages: a form, a list, a record with its history; who may do what there."""

import re

import pytest
from flask.testing import FlaskClient

from app.models import Person
from tests.conftest import Console
from tests.registers.conftest import Write, stands
from tests.support.console_forms import offers, send
from tests.support.exports import columns
from tests.support.world import World

INDEX = "/console/registers"
UNIFORM = f"{INDEX}/uniform"


def test_a_record_is_written_shown_and_written_anew(world: World, console: Console) -> None:
    supervisor = console(world.supervisor)
    said = {"title": "三楼护士站", "checked": "20", "passed": "19", "person": "W0003", "done": "2026-11-19"}
    sent = send(supervisor, f"{UNIFORM}/new", f"{UNIFORM}/new", contract=world.contract.number, **said)
    assert sent.status_code == 303
    page = supervisor.get(sent.location).text
    for words in ("UB-0001", "三楼护士站", "赵强", "吴芳", "等第二个人确认", "HT-2020-001", "要另一位确认"):
        assert words in page
    shown = supervisor.get(f"{sent.location}/edit").text
    assert re.search(r'name="person" value="W0003"', shown)
    anew = send(supervisor, f"{sent.location}/edit", f"{sent.location}/edit", **{**said, "passed": "18"})
    assert anew.status_code == 422  # the contract was chosen, and is not any more
    anew = send(
        supervisor,
        f"{sent.location}/edit",
        f"{sent.location}/edit",
        **{**said, "passed": "18", "contract": "HT-2020-001"},
    )
    assert anew.status_code == 303
    history = supervisor.get(sent.location).text
    assert history.index("18") < history.rindex("19")
    assert "三楼护士站" in supervisor.get(UNIFORM).text


def test_what_was_chosen_of_a_register_is_a_file(world: World, console: Console, write: Write) -> None:
    for title in ("三楼护士站", "五楼药房"):
        write("uniform", title=title, checked="20", passed="19", done="2026-11-19")
    supervisor = console(world.supervisor)
    [row] = columns(supervisor, f"{UNIFORM}?q=药房&as=csv")
    assert (row["内容"], row["完成"], row["待确认"]) == ("五楼药房", "2026-11-19", "是")
    assert len(columns(supervisor, f"{UNIFORM}?as=csv")) == 2
    provider = console(world.desk)
    assert provider.get(f"{UNIFORM}?as=csv").status_code == provider.get(UNIFORM).status_code


def test_what_was_typed_stays_and_each_fault_stands_at_its_field(world: World, console: Console) -> None:
    supervisor = console(world.supervisor)
    sent = send(supervisor, f"{UNIFORM}/new", f"{UNIFORM}/new", title="三楼", checked="二十", passed="19", done="昨天")
    assert sent.status_code == 422
    assert 'value="二十"' in sent.text
    assert {"请填整数，不带单位。", "请填日期，写作 2026-11-30。"} <= set(
        re.findall(r'id="wrong-\w+">([^<]+)<', sent.text)
    )
    assert sent.text.count("aria-invalid") == 3  # and the contract, which was not chosen


def test_one_person_with_two_browsers_is_still_one_person(world: World, console: Console, write: Write) -> None:
    """The second browser is shown no button; what it sends all the same is refused; another person confirms."""
    record = write("uniform", title="三楼", checked="20", passed="19", done="2026-11-19")
    page = f"{UNIFORM}/{record}"
    first, second = console(world.supervisor), console(world.supervisor)
    for browser in (first, second):
        assert not offers(browser, page, f"{page}/confirm")
        sent = browser.post(f"{page}/confirm", data={"seen": "1", "csrf_token": token(browser)})
        assert sent.status_code == 403
        assert "写的人不能确认自己的" in sent.text
    assert stands(world, record).confirmed_at is None
    admin = console(world.admin)
    assert "等第二个人确认" in admin.get(INDEX).text
    assert send(admin, page, f"{page}/confirm").status_code == 303
    assert stands(world, record).confirmed_by_id == world.admin.id
    assert "等第二个人确认" not in admin.get(INDEX).text


def test_parts_are_moved_on_their_page(world: World, console: Console, write: Write) -> None:
    page = f"{INDEX}/spares/{write('spares', title='硒鼓')}"
    supervisor = console(world.supervisor)
    assert send(supervisor, page, f"{page}/move", movement="in", count="3").status_code == 303
    refused = send(supervisor, page, f"{page}/move", movement="out", count="4")
    assert (refused.status_code, "只有 3 件" in refused.text) == (409, True)
    assert "余 3" in supervisor.get(page).text


def test_what_is_due_stands_on_the_first_page(world: World, console: Console, write: Write) -> None:
    write("inspections", title="机房巡检", due="2020-01-05", person="W0003")
    page = console(world.supervisor).get(INDEX).text
    assert "机房巡检" in page
    assert "超期" in page
    assert "2020-01-05" in page


@pytest.mark.parametrize(("who", "acts"), [("supervisor", True), ("admin", True), ("auditor", False)])
def test_the_hospital_sees_all_and_the_auditor_only_looks(
    world: World, console: Console, write: Write, who: str, acts: bool
) -> None:
    record = write("rectifications", title="线缆整理", due="2020-12-01")
    person = console(getattr(world, who))
    page = f"{INDEX}/rectifications/{record}"
    assert "线缆整理" in person.get(page).text
    assert offers(person, f"{page}/edit", f"{page}/edit") == acts
    sent = person.post(f"{page}/confirm", data={"seen": "1", "csrf_token": token(person)})
    assert sent.status_code == (403 if who != "admin" else 303)


def test_the_provider_sees_its_own_and_the_desk_only_what_helps_it(
    world: World, console: Console, write: Write, manager: Person
) -> None:
    record = write("rectifications", title="线缆整理", due="2020-12-01")
    desk = console(manager)
    page = f"{INDEX}/rectifications/{record}"
    assert "线缆整理" in desk.get(page).text
    assert offers(desk, f"{page}/edit", f"{page}/edit")
    assert desk.get(f"{UNIFORM}/new").status_code == 403
    assert f"{world.supervisor.staff_number}" not in desk.get(page).text


def test_who_is_in_no_key_post_reads_knowledge(world: World, console: Console, write: Write) -> None:
    write("knowledge", title="打印机卡纸", solution="抽出", state="published", contract="")
    desk = console(world.desk)
    assert "打印机卡纸" in desk.get(f"{INDEX}/knowledge").text
    assert desk.get(f"{INDEX}/security").status_code == 404
    index = desk.get(INDEX).text
    assert "安全事件" not in index
    assert "知识库" in index


@pytest.mark.parametrize("path", ["nothing", "nothing/new", "uniform/99", "uniform/99/edit"])
def test_what_there_is_not_is_missing(world: World, console: Console, path: str) -> None:
    assert console(world.supervisor).get(f"{INDEX}/{path}").status_code == 404


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(INDEX).text)
    assert found
    return found[1]
