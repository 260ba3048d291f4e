"""The draws at the console: a guided sequence, numbers by two people, objections; for the hospital only."""

import json
import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models import DrawNumber
from app.services.draws import claims, published_files
from tests.conftest import Console
from tests.draws.story import CLOSED, COMMITTED, DRAW_ID, DRAWN, DURING, EXPIRED, OPENS, REDRAWN, Story
from tests.lottery.bundles import DLT, KL8
from tests.support.console_forms import offers, send
from tests.support.exports import columns

PAGE = f"/console/draws/{DRAW_ID}"
NUMBERS, OBJECTIONS = f"{PAGE}/numbers", f"{PAGE}/objections"


@pytest.fixture
def drawn_today(story: Story) -> Story:
    """Committed, and the numbers are out."""
    story.now_is(DRAWN).people(8)
    story.announce()
    story.commit()
    return story


@pytest.mark.parametrize(("who", "status"), [("desk", 403), ("nurse", 403), ("auditor", 200), ("supervisor", 200)])
def test_the_provider_never_sees_it_and_the_auditor_reads(
    drawn_today: Story, console: Console, who: str, status: int
) -> None:
    client = console(getattr(drawn_today.world, who))
    for address in ("/console/draws", PAGE, f"{PAGE}/claims"):
        assert client.get(address).status_code == status
    assert not (status == 200 and who == "auditor" and offers(client, PAGE, NUMBERS))


def test_the_draws_are_a_file(drawn_today: Story, console: Console) -> None:
    [row] = columns(console(drawn_today.world.supervisor), "/console/draws?as=csv")
    assert (row["编号"], row["进展"]) == (DRAW_ID, "名单已锁定，等待开奖号码")
    assert " × " in row["奖品"]
    assert console(drawn_today.world.desk).get("/console/draws?as=csv").status_code == 403


@pytest.mark.parametrize(
    ("moment", "until", "now"),
    [
        (OPENS - timedelta(days=1), "announce", ""),
        (DURING + timedelta(days=9), "announce", "收集评价"),
        (CLOSED + timedelta(minutes=5), "announce", "锁定名单"),
        (COMMITTED + timedelta(hours=1), "commit", "异议"),
        (DRAWN, "commit", "录入开奖号码"),
        (DRAWN, "numbers", "结果"),
        (DRAWN, "run", "领奖"),
        (REDRAWN, "expire", "第二轮号码"),
        (REDRAWN, "redraw", "归档"),
    ],
)
def test_each_step_is_shown_when_it_comes(
    story: Story, console: Console, moment: datetime, until: str, now: str
) -> None:
    story.now_is(moment).people(8)
    story.announce()
    take(story, until)
    shown = console(story.world.admin).get(PAGE).text
    assert re.findall(r'aria-current="step">\s*<h2>\d+ (\S+) <small', shown) == ([now] if now else [])


def test_the_second_does_not_see_what_the_first_typed(drawn_today: Story, console: Console) -> None:
    admin, supervisor = console(drawn_today.world.admin), console(drawn_today.world.supervisor)
    assert type_number(admin, "cn-kl8", "2027004", KL8).status_code == 303
    assert KL8 in admin.get(PAGE).text
    shown = supervisor.get(PAGE).text
    assert KL8 not in shown
    assert "另一人已录入" in shown
    assert type_number(supervisor, "cn-kl8", "2027004", KL8).status_code == 303
    assert KL8 in console(drawn_today.world.auditor).get(PAGE).text
    assert "两人录得一致" in supervisor.get(PAGE).text


def test_unequal_readings_are_named_and_the_right_one_stands_when_it_is_repeated(
    drawn_today: Story, console: Console
) -> None:
    admin, supervisor = console(drawn_today.world.admin), console(drawn_today.world.supervisor)
    wrong = DLT.replace("03", "04")
    type_number(admin, "cn-dlt", "2027002", DLT)
    type_number(supervisor, "cn-dlt", "2027002", wrong)
    for client in (admin, supervisor):
        assert "几个人录得不一样" in client.get(PAGE).text
    assert DLT not in supervisor.get(PAGE).text
    type_number(supervisor, "cn-dlt", "2027002", DLT)
    assert "几个人录得不一样" not in admin.get(PAGE).text


def test_an_issue_that_was_not_announced_stands_in_red(drawn_today: Story, console: Console) -> None:
    for person in (drawn_today.world.admin, drawn_today.world.supervisor):
        assert type_number(console(person), "cn-kl8", "2027005", KL8).status_code == 303
    shown = console(drawn_today.world.auditor).get(PAGE).text
    assert '<strong class="wrong">不是公告的那一期：用的是下一期，第 2027005 期</strong>' in shown


@pytest.mark.parametrize(
    ("issue", "value", "said"),
    [
        ("2027004", "03 07 11", "20 个 01 到 80 的两位数"),
        ("2027003", KL8, "只能用紧接着的下一期"),
        ("x", KL8, "应为数字"),
    ],
)
def test_what_is_written_wrong_is_refused_beside_the_field_and_stays(
    drawn_today: Story, console: Console, issue: str, value: str, said: str
) -> None:
    answer = type_number(console(drawn_today.world.admin), "cn-kl8", issue, value)
    assert answer.status_code == 422
    assert said in answer.text
    assert re.findall(r'name="balls-0" value="(\d\d)" checked', answer.text) == value.split()
    with drawn_today.database.reading() as session:
        assert not session.query(DrawNumber).count()


def test_before_the_numbers_are_drawn_there_is_no_form_for_them(story: Story, console: Console) -> None:
    story.now_is(COMMITTED + timedelta(hours=1)).people(3)
    story.announce()
    story.commit()
    assert not offers(console(story.world.admin), PAGE, NUMBERS)


def test_an_objection_from_a_receipt_is_upheld_and_makes_the_next_version(story: Story, console: Console) -> None:
    story.now_is(COMMITTED + timedelta(hours=1)).people(5)
    story.announce()
    story.commit()
    receipt = story.receipt(story.people(1)[0])  # came to light when the list was written
    assert receipt
    supervisor = console(story.world.supervisor)
    for typed, said in (("{}", "这张回执不是"), (json.dumps({**receipt.fields(), "tickets": 9}), "这张回执不是")):
        answer = send(supervisor, PAGE, OBJECTIONS, receipt=typed)
        assert (answer.status_code, said in answer.text) == (422, True)
    assert send(supervisor, PAGE, OBJECTIONS, receipt=json.dumps(receipt.fields())).status_code == 303
    decide = f"{OBJECTIONS}/1"
    assert send(supervisor, PAGE, decide, decision="uphold", reason=" ").status_code == 422
    assert send(supervisor, PAGE, decide, decision="uphold", reason="回执是真的").status_code == 303
    assert not offers(supervisor, PAGE, decide)
    story.commit(at=COMMITTED + story.shift + timedelta(hours=2))
    shown = supervisor.get(PAGE).text
    for words in ("在第 2 版里", "回执是真的", "第 2 版：6 人"):
        assert words in shown


def take(story: Story, until: str) -> None:
    """The steps of the draw up to here, at their times."""
    order = ["announce", "commit", "numbers", "run", "expire", "redraw"]
    taken = order[1 : order.index(until) + 1]
    if "commit" in taken:
        story.commit()
    if "numbers" in taken:
        story.type_numbers()
    if "run" in taken:
        story.run()
    if "expire" in taken:
        with story.drawing() as (session, draw):
            claims.expire(session, draw, at=EXPIRED + story.shift)
    if "redraw" in taken:
        story.type_numbers(2, at=REDRAWN + story.shift)
        story.run(2, at=REDRAWN + story.shift)
        with story.drawing() as (session, draw):
            assert published_files.find(session, draw, "result-2.json")


def type_number(client: FlaskClient, source: str, issue: str, value: str) -> TestResponse:
    shown = client.get(PAGE).text
    token = shown.split('name="csrf_token" value="')[1].split('"')[0]
    tapped = {f"balls-{at}": part.split() for at, part in enumerate(value.split("+"))}
    form = {"csrf_token": token, "round": "1", "source": source, "issue": issue, **tapped}
    return client.post(NUMBERS, data=form)
