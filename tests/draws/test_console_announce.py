"""Announcing at the console: proposed, previewed byte for byte, typed once more, then locked."""

import re
from datetime import timedelta
from hashlib import sha256
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import clock
from app.models import Draw
from app.services.draws import published_files
from tests.conftest import Console
from tests.support.console_forms import HIDDEN
from tests.support.world import World

NEW, ANNOUNCE = "/console/draws/new", "/console/draws/announce"
ISSUES = {"sources-0": "004", "sources-1": "002", "redraw_sources-0": "020"}  # behind the year of the drawing
FIELD = re.compile(r'<(?:input|textarea)[^>]* name="([^"]+)"(?:[^>]* value="([^"]*)")?[^>]*>(?:([^<]*)</textarea>)?')


@pytest.fixture
def admin(world: World, console: Console) -> FlaskClient:
    return console(world.admin)


def test_the_proposal_needs_only_issues_and_a_committee(world: World, admin: FlaskClient) -> None:
    shown = preview(admin, committee=f"{world.supervisor.staff_number}，{world.admin.staff_number}")
    assert shown.status_code == 200
    text = unescape(shown.text.split('tabindex="0">')[1].split("</pre>")[0])
    digest = sha256(text.encode()).hexdigest()
    assert " ".join(re.findall("....", digest)) in shown.text
    assert "已经开奖的期号等于作弊" in shown.text
    assert count(world) == 0
    answer = confirm(admin, shown.text, told_id(text))
    assert answer.status_code == 303
    with world.database.reading() as session:
        draw = session.scalars(select(Draw)).one()
        assert (
            published_files.whole(session, published_files.get(session, draw, "announcement.json")).tobytes()
            == text.encode()
        )
        assert draw.announcement_sha256 == digest
    assert confirm(admin, shown.text, told_id(text)).status_code == 409
    assert count(world) == 1


def test_a_wrong_confirmation_locks_nothing_and_keeps_what_was_typed(world: World, admin: FlaskClient) -> None:
    shown = preview(admin, committee=world.supervisor.staff_number)
    answer = confirm(admin, shown.text, "h001")
    assert answer.status_code == 422
    assert "输入的编号不一样" in answer.text
    assert answer.text.count('004">') == shown.text.count('004">') > 0
    assert count(world) == 0


def test_what_was_changed_after_the_preview_is_not_announced(world: World, admin: FlaskClient) -> None:
    shown = preview(admin, committee=world.supervisor.staff_number).text
    altered = shown.replace('name="tiers-0-prize" value="保温杯"', 'name="tiers-0-prize" value="轿车"')
    answer = confirm(admin, altered, re.findall(r"输入编号 (\S+?)<", shown)[0])
    assert answer.status_code == 409
    assert count(world) == 0


def test_what_the_poster_cannot_show_is_a_warning_not_a_refusal(world: World, admin: FlaskClient) -> None:
    shown = preview(admin, committee=world.supervisor.staff_number, **{"tiers-0-prize": "🎁蓝牙耳机"})
    assert "🎁蓝牙耳机 × 1，印成" in shown.text
    assert "〓蓝牙耳机 × 1" in shown.text
    assert confirm(admin, shown.text, re.findall(r"输入编号 (\S+?)<", shown.text)[0]).status_code == 303
    assert "不能照原样印" not in preview(admin, committee=world.supervisor.staff_number, draw_id="h001-x").text


def test_going_back_to_change_something_loses_nothing(world: World, admin: FlaskClient) -> None:
    fifth = {"tiers-4-name": "五等奖", "tiers-4-prize": "笔", "tiers-4-value": "5", "tiers-4-count": "9"}
    shown = preview(admin, committee=world.supervisor.staff_number, tax="自理", **fifth).text
    form = dict(HIDDEN.findall(shown))
    back = admin.post(NEW, data={**form, "edit": "1"})
    again = fields(back.text)
    assert (again["tax"], again["tiers-4-name"], again["sources-1-issue"][4:]) == ("自理", "五等奖", "002")


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"sources-0-id": "cn-dlt", "sources-1-id": ""}, "sources", "太容易凑出"),
        ({"sources-0-issue": ""}, "sources", "请填期号"),
        ({"sources-0-issue": "2020001"}, "sources", "年份和开奖时间对不上"),
        ({"sources-1-issue": "20001"}, "sources", "年份和开奖时间对不上"),
        ({"tiers-0-value": "50001"}, "tiers", "50000 元"),
        ({"tiers-0-value": "很贵"}, "tiers", "请填元"),
        ({"tiers-0-count": "0"}, "tiers", "至少一份"),
        ({"tax": " "}, "tax", "这一项要填"),
        ({"opens": "明天"}, "opens", "请填日期"),
        ({"cap": "0"}, "cap", "1 到 65535"),
        ({"draw_id": "H 1"}, "draw_id", "小写字母"),
        ({"committee": "W0003"}, "committee", "服务商人员不能"),
        ({"committee": ""}, "committee", "至少一名"),
        ({"committee": "00017"}, "committee", "控制台权限"),
        ({"committee": "77777"}, "committee", "没有这些工号：77777"),
        ({"commit_by": "2020-01-01T00:00"}, "commit_by", "时间的先后不对"),
        ({"claim_until": "2020-01-01T00:00"}, "claim_until", "最后一个开奖时间之后"),
        ({"sources-1-drawn_at": "2020-01-01T00:00"}, "objections_until", "24 小时"),
        ({"redraw_sources-0-drawn_at": "2020-01-01T00:00"}, "redraw_sources", "领奖截止之后"),
    ],
)
def test_every_refusal_stands_beside_its_field_and_nothing_typed_is_lost(
    world: World, admin: FlaskClient, changes: dict[str, str], field: str, said: str
) -> None:
    answer = preview(admin, **{"committee": world.supervisor.staff_number, "organiser-contact": "8899", **changes})
    assert answer.status_code == 422
    beside = re.findall(rf'id="wrong-{field}">([^<]*)<', answer.text)
    assert len(beside) == 1
    assert said in beside[0]
    assert fields(answer.text)["organiser-contact"] == "8899"
    assert count(world) == 0


def test_a_draw_that_comes_too_late_and_an_id_taken_are_refused(world: World, admin: FlaskClient) -> None:
    number = world.supervisor.staff_number
    late = (clock.now() + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M")
    assert 'id="wrong-closes"' in preview(admin, committee=number, closes=late).text
    first = preview(admin, committee=number)
    text = unescape(first.text.split('tabindex="0">')[1].split("</pre>")[0])
    assert confirm(admin, first.text, told_id(text)).status_code == 303
    assert "已用过" in preview(admin, committee=number).text


def test_of_a_beacon_the_round_follows_from_the_time(world: World, admin: FlaskClient) -> None:
    only = {"sources-0-id": "drand-quicknet", "sources-0-issue": "", "sources-1-id": ""}
    shown = preview(admin, committee=world.supervisor.staff_number, **only)
    assert shown.status_code == 200
    assert re.search(r"drand-quicknet&#34;,\s+&#34;issue&#34;: &#34;[0-9]{8}&#34;", shown.text)


@pytest.mark.parametrize("who", ["supervisor", "auditor"])
def test_only_an_admin_announces(world: World, console: Console, admin: FlaskClient, who: str) -> None:
    client = console(getattr(world, who))
    shown = client.get(NEW).text
    assert "预览全文" not in shown
    assert client.post(NEW, data={**fields(shown), **dict(HIDDEN.findall(shown))}).status_code == 403
    assert NEW not in client.get("/console/draws").text
    assert NEW in admin.get("/console/draws").text


def test_what_is_sealed_is_not_readable_and_not_to_be_forged(world: World, admin: FlaskClient) -> None:
    shown = preview(admin, committee=world.supervisor.staff_number).text
    form = dict(HIDDEN.findall(shown))
    assert len(form["sealed"]) > 100
    answer = admin.post(ANNOUNCE, data={**form, "sealed": "A" + form["sealed"][1:], "confirm": form["draw_id"]})
    assert answer.status_code == 403
    assert count(world) == 0


def preview(admin: FlaskClient, **typed: str) -> TestResponse:
    """The proposal with the issues filled in, and whatever else somebody types."""
    shown = admin.get(NEW).text
    chosen = {"sources-0-id": "cn-kl8", "sources-1-id": "cn-dlt", "redraw_sources-0-id": "cn-kl8"}
    proposed = fields(shown)
    issues = {f"{row}-issue": proposed[f"{row}-drawn_at"][:4] + number for row, number in ISSUES.items()}
    return admin.post(NEW, data={**proposed, **chosen, **issues, **typed})


def confirm(admin: FlaskClient, shown: str, typed: str) -> TestResponse:
    form = shown.split(f'action="{ANNOUNCE}"')[1].split("</form>")[0]
    hidden = {name: unescape(value) for name, value in HIDDEN.findall(form)}
    return admin.post(ANNOUNCE, data={**hidden, "confirm": typed})


def fields(shown: str) -> dict[str, str]:
    return {name: unescape(value or text) for name, value, text in FIELD.findall(shown)}


def told_id(text: str) -> str:
    return str(re.findall(r'"draw_id": "([^"]+)"', text)[0])


def count(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Draw)) or 0
