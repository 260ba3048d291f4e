"""What a department is told of a quarter: its figures, what was done, whom to ring; nobody's single rating."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pypdfium2
import pytest
from sqlalchemy import insert, select

from app.models import Completion, CorridorMeasure, Department, RatingExclusion, RegisterRecord
from app.services.dashboards import letters
from app.services.dashboards.corridor import Share
from app.services.dashboards.letters import Letter, Sender
from app.services.indicators.quarters import Quarter
from app.services.reports import letters as paper
from app.services.rollups import corridor
from app.services.rollups.daily import local_day
from tests.conftest import Console
from tests.sheets.conftest import WINDOW, Story
from tests.support.world import ZONE

SENDER = Sender("第一医院", "0571-1", ZONE)
Rate = Callable[..., list[int]]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def rate(story: Story) -> Rate:
    """Finished for a department, and rated so by as many people of it; counted."""

    def give(*levels: int, department: Department | None = None) -> list[int]:
        world, at = story.world, department or story.world.ward
        done: list[int] = []
        for n, level in enumerate(levels):
            person = world.employ(f"L{at.id}{len(done):02}{n}", "护士", department=at)
            done.append(story.finish(5 + n % 3, served=at))
            story.rate(done[-1], level, world.bind(person), after=timedelta(hours=1))
        roll(story)
        return done

    return give


def roll(story: Story) -> None:
    with story.world.database.transaction() as session:
        days = {local_day(moment, ZONE) for moment in session.scalars(select(Completion.finished_at))}
        corridor.write_days(session, sorted(days), ZONE)


def letter(story: Story, department: Department | None = None) -> Letter:
    with story.world.database.reading() as session:
        return letters.one(session, story.term.quarter, (department or story.world.ward).id, SENDER)


def text(found: Letter) -> str:
    return "\n".join(sentence for _, sentences in found.parts for sentence in sentences)


def test_it_says_how_many_were_served_rated_and_satisfied_and_how_sure_that_is(story: Story, rate: Rate) -> None:
    rate(5, 5, 4, 4, 3, 1)
    story.finish(served=story.world.ward)
    roll(story)
    said = text(letter(story))
    assert "工单 7 件" in said
    assert "评价 6 条" in said
    assert "66.67%（4 ÷ 6" in said
    assert "95% 区间 30.0–90.3%" in said
    assert "监督热线 0571-1" in said
    assert "监督热线" not in text(replace(letter(story), sender=replace(SENDER, hotline="")))


@pytest.mark.parametrize(("levels", "told"), [((5, 5, 4, 1), None), ((5, 5, 4, 4, 4), 5), ((1, 1, 2, 3, 1), 5)])
def test_of_few_or_all_alike_no_rate_and_no_reason_is_told(
    story: Story, rate: Rate, levels: tuple[int, ...], told: int | None
) -> None:
    rate(*levels)
    found = replace(letter(story), reasons=[("slow", 5)])
    assert (found.rated, found.rate) == (told, None)
    assert "÷" not in text(found)
    assert "人次" not in text(found)


def test_a_reason_is_told_that_five_have_named() -> None:
    quarter = Quarter(2026, 3)
    share, nothing = Share(6, 9), letters.Changes((), ())
    found = Letter("内科", 1, quarter, 20, share, [("quick", 5)], nothing, SENDER)
    assert "来得快：5 人次" in text(found)
    assert "没有哪个原因" in text(replace(found, reasons=[]))


def test_what_was_set_aside_is_not_in_its_rate(story: Story, rate: Rate) -> None:
    rate(5, 5, 4, 4, 3, 1)
    with story.world.database.transaction() as session:
        row = {"reason": "mistaken", "note": "", "by_id": story.world.supervisor.id, "at": story.at}
        session.execute(insert(RatingExclusion).values(rating_id=1, **row))
    roll(story)
    assert letter(story).satisfied == Share(3, 5)


def test_own_spots_stand_with_what_is_done_of_others_only_what_is_published(story: Story, rate: Rate) -> None:
    rate(5, 5, 4, 4, 3, 1)
    world, quarter = story.world, story.term.quarter
    row = {
        "quarter": quarter.first,
        "dimension": "department",
        "touchpoint": "arrived",
        "cause": "原因",
        "at": story.at,
    }
    row |= {"owner_id": world.supervisor.id, "by_id": world.supervisor.id, "due_on": quarter.after.last}
    here, there = {"value": str(world.ward.id)}, {"value": str(world.pharmacy.id)}
    done = {"done_at": story.day(30), "done_by_id": world.supervisor.id}
    with world.database.transaction() as session:
        session.add_all(
            CorridorMeasure(**{**row, **one})
            for one in (
                {**here, **done, "action": "a", "said": "来得太慢", "did": "每栋楼有人"},
                {**here, "action": "夜班加一人"},
                {**here, "action": "去年的事", "quarter": quarter.before.before.first},
                {**there, **done, "action": "b", "did": "药房的事"},
                {
                    **there,
                    **done,
                    "action": "c",
                    "said": "听不懂",
                    "did": "说明贴在机器上",
                    "published_at": story.day(31),
                },
            )
        )
        session.add_all(register(story, n, title) for n, title in enumerate(("未确认的整改", "旧机器换新"), start=1))
    said = text(letter(story))
    told = ("您说：来得太慢　我们做了：每栋楼有人", "正在做：夜班加一人", "全院 · 您说：听不懂", "改进项：旧机器换新")
    assert [one for one in told if one not in said] == []
    assert [one for one in ("药房的事", "去年的事", "未确认") if one in said] == []


def register(story: Story, number: int, title: str) -> RegisterRecord:
    """The second one is confirmed."""
    sure = {"confirmed_at": story.at, "confirmed_by_id": story.world.admin.id} if number == 2 else {}
    written = {"created_at": story.at, "written_at": story.at, "written_by_id": story.world.supervisor.id}
    kind = "improvements" if number == 2 else "rectifications"
    words = {"title": title, "data": {}, "words": {}, "searched": title}
    stands = {"form": 1, "state": "done", "closed": True, "void": False, "done_on": story.day(40).date(), "revision": 1}
    return RegisterRecord(kind=kind, code=f"X-{number}", **words, **stands, **written, **sure)


def test_while_somebody_may_rate_there_is_a_preview_and_no_letter(story: Story, rate: Rate, console: Console) -> None:
    rate(5, 5, 4, 4, 3, 1)
    world, quarter = story.world, story.term.quarter
    page = console(world.supervisor)
    assert "66.67%" in page.get(f"/console/letters?quarter={quarter}").text
    assert "工单 6 件" in page.get(f"/console/letters/{quarter}/{world.ward.id}").text
    assert "工单 0 件" in page.get(f"/console/letters/{quarter}/{world.pharmacy.id}").text
    assert page.get(f"/console/letters/{quarter}/999").status_code == 404
    assert page.get("/console/letters/2026-11.pdf").status_code == 404
    now = Quarter.at(story.term.quarter.after.after.last)
    for file in (".zip", ".pdf", f"/{world.ward.id}.pdf"):
        assert page.get(f"/console/letters/{now}{file}").location == f"/console/letters?quarter={now}"
    assert console(world.auditor).get(f"/console/letters?quarter={quarter}").status_code == 200
    assert console(world.desk).get("/console/letters").status_code == 403
    last = quarter.known_from(ZONE, WINDOW)
    moments = (last - timedelta(seconds=1), last)
    assert [letters.final(quarter, zone=ZONE, window=WINDOW, at=at) for at in moments] == [False, True]


@pytest.mark.slow("a whole Chinese font is embedded")
def test_each_is_one_page_by_itself_in_an_archive_or_all_for_the_printer(
    story: Story, rate: Rate, console: Console
) -> None:
    rate(5, 5, 4, 4, 3, 1)
    rate(5, department=story.world.pharmacy)
    page, where = console(story.world.supervisor), f"/console/letters/{story.term.quarter}"
    with pypdfium2.PdfDocument(page.get(f"{where}.pdf").data) as pdf:
        assert len(pdf) == 2
        shown = "".join(pdf[0].get_textpage().get_text_bounded().split())
    assert "66.67%（4÷6" in shown
    assert "〓" not in shown
    with ZipFile(BytesIO(page.get(f"{where}.zip").data)) as files:
        assert len(files.namelist()) == 2
        assert all(files.read(name).startswith(b"%PDF") for name in files.namelist())
    alone = page.get(f"{where}/{story.world.ward.id}.pdf").data
    with pypdfium2.PdfDocument(alone) as pdf:
        assert len(pdf) == 1
    longest = letter(story)
    row = CorridorMeasure(dimension="department", value=str(story.world.ward.id), said="长" * 300, did="长" * 300)
    row.done_at = row.published_at = story.at
    longest = replace(longest, changes=letters.Changes([row] * 9, ()))
    with pypdfium2.PdfDocument(paper.document([longest], hospital="第一医院", at=story.at)) as pdf:
        assert len(pdf) == 1
