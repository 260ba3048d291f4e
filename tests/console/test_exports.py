"""Lists as files: all rows by the list's own conditions, a part at a time, nothing run by a spreadsheet."""

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.http.words import chips
from app.models import Asset, Completion, DeliveryAttempt, EnteredRating, IntegrityFlag, Notice, Place, Ticket
from app.pagination import SIZE
from app.services.ratings.rating import Detail
from app.services.tables import writer
from app.services.tables.reader import open_table
from app.services.tickets import downtime
from tests.conftest import Console
from tests.console.conftest import Rate
from tests.console.test_downtime import enter, pack
from tests.console.test_incidents import declare, join
from tests.support.console_forms import offers, send
from tests.support.exports import columns, rows
from tests.support.world import ZONE, World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVIL = '=HYPERLINK("http://evil","x")'


@ONE
def test_all_rows_come_by_the_conditions_of_the_list(world: World, console: Console) -> None:
    for number in range(SIZE + 3):
        world.ticket("reported", description=str(number))
    closed = world.ticket("closed")
    head, *found = rows(console(world.supervisor), "/console/tickets?state=reported&as=csv")
    assert head[0] == "编号"
    assert len(found) == SIZE + 3
    assert len({row[0] for row in found}) == SIZE + 3
    assert closed.number not in {row[0] for row in found}


@ONE
def test_no_cell_is_a_formula_and_no_zero_is_lost(world: World, console: Console) -> None:
    world.ticket("reported", description=EVIL)
    supervisor = console(world.supervisor)
    [_head, row] = rows(supervisor, "/console/tickets?as=csv")
    assert f"'{EVIL}" in row
    answer = supervisor.get("/console/tickets?as=xlsx")
    assert answer.mimetype == writer.XLSX
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        assert book.testzip() is None
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "&apos;=HYPERLINK" in sheet or "'=HYPERLINK" in sheet


@ONE
def test_every_list_has_its_files_and_each_for_whom_it_is(world: World, console: Console, rate: Rate) -> None:
    rate(world.ticket("finished"), 2)
    supervisor, desk = console(world.supervisor), console(world.desk)
    assert len(rows(supervisor, "/console/ratings?as=csv&from=")) == 2
    assert desk.get("/console/ratings?as=csv").status_code == 403
    head, low = rows(supervisor, "/console/cases?as=csv")
    assert dict(zip(head, low, strict=True))["起因"] == "低分"
    assert len(rows(supervisor, "/console/cases?show=closed&as=csv")) == 1
    people = rows(supervisor, "/console/people?as=csv")
    assert [world.engineer.staff_number, world.engineer.name] in [row[:2] for row in people]
    assert desk.get("/console/people?as=csv").status_code == desk.get("/console/cases?as=csv").status_code == 403
    whole, less = rows(supervisor, "/console/notices?as=csv"), rows(desk, "/console/notices?as=csv")
    assert "工号" in whole[0]
    assert "工号" not in less[0]
    assert 'as=xlsx"' in desk.get("/console/tickets").text


@ONE
def test_assets_and_rooms_come_whole_beyond_the_first_page(world: World, console: Console) -> None:
    tags = [f"A{number:03}" for number in range(SIZE + 3)]
    with world.database.transaction() as session:
        session.add_all(Asset(tag=tag, name="电脑") for tag in tags)
        session.add(Place(code="R-1", name="护士站"))
    supervisor = console(world.supervisor)
    assert [row[0] for row in rows(supervisor, "/console/assets?as=csv")] == ["编号", *tags]
    assert [row[0] for row in rows(supervisor, "/console/assets?show=places&as=csv")] == ["编号", "R-1"]
    assert [row[0] for row in rows(supervisor, "/console/assets?as=csv&q=A00")] == ["编号", *tags[:10]]


@ONE
def test_what_was_entered_on_paper_or_by_telephone(world: World, console: Console) -> None:
    ticket, at = world.ticket("finished"), clock.now()
    with world.database.transaction() as session:
        done = session.scalars(select(Completion.id).where(Completion.ticket_id == ticket.id)).one()
        entered = {"level": 4, "given_at": at, "by_id": world.supervisor.id, "at": at}
        session.add(EnteredRating(completion_id=done, source="telephone", **entered))
    [row] = columns(console(world.supervisor), "/console/entered?as=csv")
    assert (row["工单"], row["满意程度"], row["来源"]) == (ticket.number, "满意", "电话")
    assert row["代录人"] == world.supervisor.name
    assert f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" in row["单子上的日期，或通话的时间"]
    assert console(world.desk).get("/console/entered?as=csv").status_code == 403


@ONE
def test_a_rating_with_all_that_its_page_says_of_it(world: World, console: Console, rate: Rate) -> None:
    rate(world.ticket("finished"), 2, Detail(reasons=["slow"], comment="等了半天", quality={"speed": 2}), corrected=1)
    [row] = columns(console(world.supervisor), "/console/ratings?from=&as=csv")
    assert (row["满意程度"], row["更正前"], row["补充说明"]) == ("非常不满意", "不满意", "等了半天")
    assert row["原因"] == chips("reasons", {"codes": ["slow"]}) != ""
    assert row["服务质量"] == chips("quality", {"speed": 2}) != ""
    assert (row["有人要求改评价"], row["排除原因"]) == ("否", "")


@ONE
def test_signals_by_what_was_chosen(world: World, console: Console) -> None:
    with world.database.transaction() as session:
        seen = {"found": 3, "out_of": 4, "usual": 0, "numbers": {}, "evidence": {"answers": [], "tickets": []}}
        whom = {"quarter": "2026Q4", "lead_id": world.engineer.id, "day": clock.now().date(), "at": clock.now()}
        session.add(IntegrityFlag(signal="within_seconds", **whom, **seen))
    supervisor = console(world.supervisor)
    [row] = columns(supervisor, "/console/integrity?as=csv")
    assert (row["工程师"], row["看到"], row["共"], row["结论"]) == (world.engineer.name, "3", "4", "")
    assert columns(supervisor, "/console/integrity?show=decided&as=csv") == []
    assert console(world.desk).get("/console/integrity?as=csv").status_code == 403


@ONE
def test_a_line_for_each_department_of_a_major_incident(world: World, console: Console) -> None:
    _parent, alone = declare(world)
    parent, incident = declare(world)
    child = join(world, incident, world.nurse)
    for visitor in (world.supervisor, world.desk):
        joined, nobody = columns(console(visitor), "/console/incidents?as=csv")
        assert (joined["工单"], joined["科室的工单"], joined["人数"]) == (parent.number, child.number, "1")
        assert (nobody["重大故障"], nobody["加入的科室"]) == ("HIS 登录慢", "")
    assert alone != incident


@ONE
def test_forms_from_when_the_system_was_away_come_whole(
    world: World, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(world)
    tickets = {f"T-0000{number}": enter(world, number=f"T-0000{number}").number for number in (1, 2, 3)}
    monkeypatch.setattr(downtime, "LISTED", 2)
    desk = console(world.desk)
    assert "只显示最近 2 条" in desk.get("/console/downtime").text
    found = columns(desk, "/console/downtime?as=csv")
    assert {row["表号"]: row["工单"] for row in found} == tickets
    assert {row["核对时间"] for row in found} == {""}


@ONE
def test_each_attempt_to_deliver_is_a_line_and_the_provider_is_told_no_staff_number(
    world: World, console: Console
) -> None:
    ticket = world.ticket("dispatched")
    with world.database.transaction() as session:
        notice = session.scalars(select(Notice)).one()
        tried = {"notice_id": notice.id, "channel": "service", "at": clock.now()}
        session.add(DeliveryAttempt(outcome="failed", reason="not_following", **tried))
        session.add(DeliveryAttempt(outcome="sent", **tried))
    address = f"/console/notices?ticket={ticket.number}&as=csv"
    whole, less = columns(console(world.supervisor), address), columns(console(world.desk), address)
    assert [row["尝试的结果"] for row in whole] == ["发送失败", "已交出"]
    assert {row["工号"] for row in whole} == {world.engineer.staff_number}
    assert [{name: cell for name, cell in row.items() if name != "工号"} for row in whole] == less
    of_person = f"/console/notices?person={world.engineer.staff_number}&as=csv"
    assert columns(console(world.supervisor), of_person) == whole
    assert console(world.desk).get(of_person).status_code == 403


@ONE
def test_a_file_that_had_to_end_says_so(world: World, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(SIZE + 1):
        world.ticket("reported")
    monkeypatch.setattr(writer, "MOST_ROWS", SIZE)
    found = rows(console(world.supervisor), "/console/tickets?as=csv")
    assert len(found) == 1 + SIZE + 1
    assert f"一个文件最多 {SIZE} 行" in found[-1][0]
    assert "一边写一边下载" in console(world.supervisor).get("/console/tickets").text


def test_a_workbook_is_written_front_to_end_and_read_again(tmp_path: Path) -> None:
    parts = list(writer.as_xlsx([["编号", "n"], ["0012", 7], ["<&>", None], ["_x0041_", "\x0b\ufffe=1"]]))
    assert len(parts) > 4
    file = tmp_path / "list.xlsx"
    file.write_bytes(b"".join(parts))
    table = open_table(file)
    assert table.header == ["编号", "n"]
    assert [getattr(row, "cells", None) for row in table.records] == [
        ["0012", 7],
        ["<&>", ""],
        ["_x0041_", "'=1"],
    ]


@ONE
def test_a_ticket_that_waits_is_dispatched_from_the_list(world: World, console: Console) -> None:
    ticket = world.ticket("reported")
    given, desk = world.ticket("dispatched"), console(world.desk)
    answer = send(desk, "/console/tickets", f"/console/tickets/{ticket.number}/dispatch", lead=str(world.engineer.id))
    assert answer.status_code == 303
    with world.database.reading() as session:
        assert session.get_one(Ticket, ticket.id).lead_id == world.engineer.id
    assert not offers(desk, "/console/tickets", f"/console/tickets/{given.number}/dispatch")
    assert not offers(console(world.auditor), "/console/tickets", f"/console/tickets/{ticket.number}/dispatch")
