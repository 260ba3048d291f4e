"""`/my`: what waits for a rating, rated right there; what is under way, by whom and by when; what is over."""

import re
from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.models import Notice, Portrait, Ticket
from app.paths import ROOT
from app.runtime import Runtime
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.world import World

LONG_AGO = timedelta(days=20)


def test_three_groups_each_with_its_own(slip: Slip, world: World, phone: Phone) -> None:
    waits, open_, cancelled = world.ticket("finished"), world.ticket("accepted"), world.ticket("cancelled")
    late = world.ticket("finished", reported_at=clock.now() - LONG_AGO)
    groups = groups_of(phone(world.nurse_identity).get("/my").text)
    assert {
        name: [slip.path(one) in found for one in (waits, open_, cancelled, late)] for name, found in groups.items()
    } == {
        "to-rate": [True, False, False, False],
        "under-way": [False, True, False, False],
        "over": [False, False, True, True],
    }
    assert "评价时间已过" in groups["over"]
    assert world.engineer.name in groups["under-way"]
    assert "前处理好" in groups["under-way"]


def test_it_is_rated_right_there(slip: Slip, world: World, phone: Phone) -> None:
    ticket, nurse = world.ticket("finished"), phone(world.nurse_identity)
    group = groups_of(nurse.get("/my").text)["to-rate"]
    assert re.findall(r'name="level" value="(\d)" required', group) == ["5", "4", "3", "2", "1"]
    assert " checked" not in group
    answer = nurse.post(f"{slip.path(ticket)}/rate", data={"visit": slip.token_in(group), "level": "4"})
    assert answer.headers["Location"] == slip.path(ticket)
    groups = groups_of(nurse.get("/my").text)
    assert "to-rate" not in groups
    assert "已评价" in groups["over"]


def test_the_third_is_folded_and_rated_there_as_well(slip: Slip, world: World, phone: Phone) -> None:
    nurse, long_ago = phone(world.nurse_identity), clock.now() - LONG_AGO
    for _ in range(4):
        world.ticket("finished")
        world.ticket("finished", reported_at=long_ago)
    groups = groups_of(nurse.get("/my").text)
    open_, _, folded = groups["to-rate"].partition("<summary>还有 2 张待评价</summary>")
    assert [part.count("<form") for part in (open_, folded)] == [2, 2]
    assert [part.count("<li>") for part in groups["over"].split("<summary>还有 2 张已办结</summary>")] == [2, 2]


def test_what_a_colleague_has_rated_does_not_wait(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    slip.rate(phone(world.nurse_identity), ticket, 5)
    assert "to-rate" not in groups_of(phone(world.nurse_identity).get("/my").text)


def test_a_notice_says_what_was_done_whatever_way_one_came(slip: Slip, world: World, phone: Phone) -> None:
    ticket, nurse = world.ticket("finished"), phone(world.nurse_identity)
    assert "未读" in nurse.get("/my").text
    slip.rate(nurse, ticket, 4)
    page = nurse.get("/my").text
    assert 'class="sign sign-rated"' in page
    assert "未读" not in page
    assert "条通知没有看" not in page


def test_a_notice_whose_window_has_passed_says_so(world: World, phone: Phone) -> None:
    world.ticket("finished", reported_at=clock.now() - LONG_AGO)
    assert 'class="sign sign-over"' in phone(world.nurse_identity).get("/my").text


def test_who_looks_at_the_page_has_read_what_told_of_it(
    slip: Slip, world: World, phone: Phone, runtime: Runtime
) -> None:
    ticket, nurse = world.ticket("finished"), phone(world.nurse_identity)
    page = nurse.get(slip.path(ticket)).text
    nurse.post(f"{slip.path(ticket)}/opened", data={"visit": slip.token_in(page)})
    with runtime.database.reading() as session:
        of_nurse = select(Notice.opened_at).where(Notice.person_id == world.nurse.id)
        assert all(session.scalars(of_nurse))


def test_the_rate_page_says_to_whom_it_may_what_it_is_about(
    slip: Slip, world: World, phone: Phone, runtime: Runtime
) -> None:
    ticket = world.ticket("finished")
    with runtime.database.transaction() as session:
        session.get_one(Ticket, ticket.id).description = "护士站打印机不出纸"
        session.add(Portrait(person_id=world.engineer.id, content=b"jpeg", consented_at=clock.now()))
    hers, strangers = (
        phone(identity).get(slip.path(ticket)).text for identity in (world.nurse_identity, world.stranger_identity)
    )
    for page in (hers, strangers):
        assert f"{world.engineer.name} 处理" in page
        assert "/engineer.jpg" in page
    assert "护士站打印机不出纸" in hers
    assert world.ward.name in hers
    assert "护士站打印机不出纸" not in strangers
    assert world.ward.name not in strangers


def test_the_rate_page_weighs_little_and_asks_for_two_files(slip: Slip, world: World, phone: Phone) -> None:
    """What a phone fetches to rate, with nothing kept from before: the page, one style sheet, one script."""
    nurse = phone(world.nurse_identity)
    page = nurse.get(slip.path(world.ticket("finished"))).text
    files = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))', page)
    assert len(files) == 2
    assert (
        len(page.encode()) + sum((ROOT / f"app{file}").stat().st_size for file in files) < 16_000
    )  # bytes, before any zip


def groups_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<section aria-labelledby="([\w-]+)">(.*?)</section>', page, re.DOTALL))
