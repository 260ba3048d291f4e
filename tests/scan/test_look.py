"""The one look: the hospital on top, where one is in the bar at the foot, and colours that are read in both themes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask, g
from PIL import Image

from app.http.i18n import call_department, show_ago, show_duration, show_span, show_when
from app.http.look import icon
from app.paths import ROOT
from app.runtime import Runtime, build
from app.texts.catalogue import IT_DEPARTMENT
from config.settings import SettingsError, read_settings
from tests.conftest import Console, Phone
from tests.support.kept import Apps
from tests.support.world import World

STATIC = ROOT / "app" / "static"
READ_ON = {
    "phone.css": {
        "paper": ("ink", "soft", "deep", "red", "amber", "blue"),
        "card": ("ink", "soft", "deep", "red", "amber", "blue"),
        "tint": ("ink", "soft", "deep"),
        "deep": ("on-deep",),
    },
    "console.css": {
        "paper": ("ink", "soft", "green", "red", "amber", "blue"),
        "card": ("ink", "soft", "green", "red", "amber", "blue"),
        "alarm-bg": ("ink", "soft", "green", "red"),
        **{f"{colour}-bg": (f"{colour}-fg",) for colour in ("red", "amber", "blue", "green", "grey")},
        "green": ("on",),
        "red": ("on",),
    },
}


@pytest.mark.parametrize("sheet", READ_ON)
def test_every_colour_is_read_on_every_ground_by_day_and_by_night(sheet: str) -> None:
    for palette in palettes(sheet):
        for ground, inks in READ_ON[sheet].items():
            for ink in inks:
                assert contrast(palette[ground], palette[ink]) >= 4.5, (ground, ink, palette[ground])
        assert contrast(palette["card"], palette["edge"]) >= 3  # what a field or a button is seen by


def test_the_design_sheet_names_every_colour_there_is() -> None:
    said = (ROOT / "docs" / "look.md").read_text("utf-8")
    drawn = {value for sheet in READ_ON for palette in palettes(sheet) for value in palette.values()}
    assert sorted(colour for colour in drawn if f"`{colour}`" not in said) == []


def test_the_hospital_stands_on_top_of_every_page(world: World, phone: Phone, console: Console) -> None:
    nurse, desk = phone(world.nurse_identity), console(world.desk)
    pages = (*map(nurse.get, ("/", "/my", "/report", "/nothing")), *map(desk.get, ("/console", "/console/nothing")))
    for page in pages:
        assert "和平医院" in page.text.partition("<main")[0]


def test_the_bar_says_where_one_is(world: World, phone: Phone) -> None:
    bar = phone(world.nurse_identity).get("/my").text.partition('class="tabbar"')[2]
    assert re.findall(r'<a href="([^"]*)"( aria-current="page")?', bar)[:4] == [
        ("/report", ""),
        ("/my", ' aria-current="page"'),
        ("/draws", ""),
        ("/my/me", ""),
    ]


def test_rating_has_nothing_beside_it(world: World, runtime: Runtime, phone: Phone) -> None:
    ticket = world.ticket("finished")
    page = phone(world.nurse_identity).get(runtime.links.ticket_path(ticket.id)).text
    assert 'class="levels"' in page
    assert "tabbar" not in page


def test_the_menu_has_what_opens_to_each_and_says_where_one_is(world: World, console: Console) -> None:
    shown = {
        role: re.findall(
            r'<a href="(/console[^"]*)"( aria-current="page")?', places(console(person).get("/console/calendar").text)
        )
        for role, person in {"desk": world.desk, "supervisor": world.supervisor}.items()
    }
    desk, supervisor = ({path for path, _here in found} for found in shown.values())
    assert supervisor - desk >= {f"/console/{name}" for name in ("ratings", "cases", "draws", "people", "integrations")}
    assert desk <= supervisor
    assert {"/console/downtime", "/console/incidents", "/console/calendar"} <= desk
    assert [path for path, here in shown["desk"] if here] == ["/console/calendar"]


def test_an_icon_is_drawn_and_says_nothing_itself() -> None:
    assert 'aria-hidden="true"' in icon("gift")
    with pytest.raises(LookupError):
        icon("no-such-thing")


def test_the_hospitals_own_mark_is_drawn_anew(apps: Apps, tmp_path: Path, environ: dict[str, str]) -> None:
    drawn = Image.new("RGBA", (400, 200), (0, 90, 160, 128))
    drawn.info["comment"] = "who made it"
    drawn.save(tmp_path / "mark.png")
    app = apps.of(read_settings({**environ, "HOSPITAL_MARK": str(tmp_path / "mark.png")}))
    client = app.test_client()
    [address] = set(re.findall(r'<img src="(/mark/[^"]+)"', client.get("/nothing").text))
    shown = client.get(address)
    with Image.open(BytesIO(shown.data)) as mark:
        assert (mark.size, mark.mode) == ((96, 48), "RGBA")
    assert "immutable" in shown.headers["Cache-Control"]
    assert "immutable" not in client.get("/mark/before.png").headers["Cache-Control"]
    apps.put_back(app)


def test_without_one_there_is_a_drawn_sign_and_no_picture(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/mark/any.png").status_code == 404
    assert "/mark/" not in client.get("/nothing").text


@pytest.fixture
def it_centre(environ: dict[str, str], apps: Apps) -> Iterator[Flask]:
    app = apps.of(read_settings({**environ, "IT_DEPARTMENT": "信息中心"}))
    call_department("信息中心")
    yield app
    apps.put_back(app)
    call_department(IT_DEPARTMENT)


def test_the_it_department_has_one_name_the_hospitals(world: World, it_centre: Flask) -> None:
    client = it_centre.test_client()
    with client.session_transaction() as session:
        session.update(identity=world.nurse_identity.id, visit="visit")
    page = client.get("/complain").text
    assert "信息中心" in page
    assert "信息科" not in page


def test_a_mark_that_cannot_be_shown_stops_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mark.png").write_bytes(b"\x89PNG and nothing more")
    with pytest.raises(SettingsError, match="HOSPITAL_MARK"):
        build(read_settings({**environ, "HOSPITAL_MARK": str(tmp_path / "mark.png")}))


def places(page: str) -> str:
    return page.partition('class="places"')[2].partition("</nav>")[0]


def palettes(sheet: str) -> tuple[dict[str, str], dict[str, str]]:
    """What is said by day, and what of it is said anew by night."""
    text = (STATIC / sheet).read_text("utf-8")
    found = [one for one in re.findall(r":root(?:, \.white)? \{(.*?)\}", text, re.DOTALL) if "--ink" in one]
    day, night = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", one)) for one in found)
    return day, {**day, **night}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_span_says_its_day_once_and_whole_hours_have_no_minutes(app: Flask) -> None:
    begins = datetime.fromisoformat("2026-11-22T17:30:00+08:00")
    with app.test_request_context():
        assert show_span(begins, begins + timedelta(hours=4.5)) == "2026-11-22 17:30 – 22:00"
        assert show_span(begins, begins + timedelta(hours=12)) == "2026-11-22 17:30 – 2026-11-23 05:30"
        assert (show_duration(timedelta(hours=2)), show_duration(timedelta(minutes=61))) == ("2 小时", "1 小时 1 分钟")


@pytest.mark.parametrize(
    ("ago", "says"),
    [
        (timedelta(seconds=20), ("今天 12:29", "刚刚")),
        (timedelta(minutes=12, seconds=40), ("今天 12:17", "12 分钟前")),
        (timedelta(hours=1), ("今天 11:30", "今天 11:30")),
        (timedelta(hours=13), ("昨天 23:30", "昨天 23:30")),
        (timedelta(hours=-20), ("明天 08:30", "明天 08:30")),
        (timedelta(hours=40), ("2026-11-28 20:30", "2026-11-28 20:30")),
    ],
)
def test_a_moment_is_said_as_people_say_it(app: Flask, ago: timedelta, says: tuple[str, str]) -> None:
    with app.test_request_context():
        g.now = datetime.fromisoformat("2026-11-30T12:30:00+08:00")
        at = g.now.astimezone(UTC) - ago
        stamp = f'<time datetime="{g.now - ago:%Y-%m-%dT%H:%M}+08:00">%s</time>'
        assert (show_when(at), show_ago(at)) == tuple(stamp % said for said in says)


def test_in_english_too(app: Flask) -> None:
    with app.test_request_context():
        g.language, g.now = "en", datetime.fromisoformat("2026-11-30T12:30:00+08:00")
        said = [show_when(g.now).striptags(), show_ago(g.now - timedelta(minutes=12)).striptags(), show_when(None)]
        assert said == ["today 12:30", "12 min ago", ""]
