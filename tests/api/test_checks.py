"""Comments of the mini-program are checked by WeChat after the rating stands, and marked for the hospital."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import select, update

from app import clock
from app.jobs import comment_moderation
from app.models import Rating, RatingDetail
from app.runtime import Runtime
from tests.api.conftest import TokenOf
from tests.conftest import Console
from tests.conftest import Phone as Browser
from tests.support.phone import Phone
from tests.support.scan_forms import Slip
from tests.support.wechat import Sandbox
from tests.support.world import World

CHECK = "/wxa/msg_sec_check"


@pytest.mark.parametrize(
    ("comment", "said"), [("修得很快", "pass"), ("白痴", "review"), ("代开发票找我", "risky"), ("", "")]
)
def test_what_wechat_says_of_a_comment_is_kept(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime, comment: str, said: str
) -> None:
    nurse.rate(token_of(world.ticket("finished")), 2, detail={"comment": comment})
    assert checked(world) == [""]  # the rating waited for nothing
    comment_moderation.check_waiting(runtime, set())
    assert checked(world) == [said]


def test_what_it_takes_offence_at_is_marked_for_the_hospital(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime, console: Console
) -> None:
    fine, odd = world.ticket("finished"), world.ticket("finished", description="另一件")
    nurse.rate(token_of(fine), 5, detail={"comment": "修得很快"})
    nurse.rate(token_of(odd), 1, detail={"comment": "去死"})
    comment_moderation.check_waiting(runtime, set())
    supervisor = console(world.supervisor)
    page = supervisor.get("/console/ratings?show=flagged&from=").text
    assert "去死" in page
    assert "微信认为不妥" in page
    assert "修得很快" not in page
    assert "修得很快" in supervisor.get("/console/ratings?from=").text


def test_a_session_wechat_has_forgotten_is_asked_about_once(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime, wechat: Sandbox
) -> None:
    nurse.rate(token_of(world.ticket("finished")), 2, detail={"comment": "慢"})
    before = wechat.calls(CHECK)
    wechat.trouble(CHECK, next_errors=[61010])
    given_up: set[int] = set()
    for _ in range(3):
        comment_moderation.check_waiting(runtime, given_up)
    assert (wechat.calls(CHECK) - before, checked(world)) == (1, [""])


def test_when_wechat_is_busy_the_comment_waits_and_is_asked_about_later(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime, wechat: Sandbox
) -> None:
    nurse.rate(token_of(world.ticket("finished")), 2, detail={"comment": "慢"})
    nurse.rate(token_of(world.ticket("finished", description="二")), 2, detail={"comment": "还是慢"})
    before = wechat.calls(CHECK)
    wechat.trouble(CHECK, next_errors=[44991])
    comment_moderation.check_waiting(runtime, set())
    assert (wechat.calls(CHECK) - before, checked(world)) == (1, ["", ""])
    comment_moderation.check_waiting(runtime, set())
    assert checked(world) == ["pass", "pass"]


@pytest.mark.parametrize("trouble", [{"next_truncated": 1}, {"next_dropped": 1}, {"next_status": [502]}])
def test_one_that_wechat_answers_nothing_readable_to_holds_up_no_other(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime, wechat: Sandbox, trouble: dict[str, object]
) -> None:
    nurse.rate(token_of(world.ticket("finished")), 2, detail={"comment": "慢"})
    nurse.rate(token_of(world.ticket("finished", description="二")), 2, detail={"comment": "还是慢"})
    wechat.trouble(CHECK, **trouble)
    comment_moderation.check_waiting(runtime, set())
    assert checked(world) == ["", "pass"]
    comment_moderation.check_waiting(runtime, set())
    assert checked(world) == ["pass", "pass"]


def test_after_two_hours_nobody_can_be_asked(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime, wechat: Sandbox
) -> None:
    nurse.rate(token_of(world.ticket("finished")), 2, detail={"comment": "慢"})
    with world.database.transaction() as session:
        session.execute(update(RatingDetail).values(at=clock.now() - timedelta(hours=3)))
    before = wechat.calls(CHECK)
    comment_moderation.check_waiting(runtime, set())
    assert wechat.calls(CHECK) == before


def test_a_comment_of_the_page_is_not_sent_anywhere(
    world: World, phone: Browser, runtime: Runtime, wechat: Sandbox
) -> None:
    slip, ticket = Slip(runtime), world.ticket("finished")
    client = phone(world.nurse_identity)
    slip.rate(client, ticket, 2)
    form = slip.form(client, ticket)
    client.post(slip.path(ticket) + "/detail", data={"visit": form, "comment": "慢"})
    before = wechat.calls(CHECK)
    comment_moderation.check_waiting(runtime, set())
    assert (wechat.calls(CHECK), checked(world)) == (before, [""])


def test_the_worker_checks_when_woken_and_stops_when_told(
    nurse: Phone, world: World, token_of: TokenOf, runtime: Runtime
) -> None:
    woken, stopping = Event(), Event()
    worker = Thread(
        target=comment_moderation.keep_checking, args=(runtime,), kwargs={"woken": woken, "stopping": stopping}
    )
    nurse.rate(token_of(world.ticket("finished")), 2, detail={"comment": "慢"})
    worker.start()
    while checked(world) != ["pass"]:
        stopping.wait(0.05)
    stopping.set()
    woken.set()
    worker.join()


def checked(world: World) -> list[str]:
    with world.database.reading() as session:
        rows = session.scalars(select(RatingDetail.checked).join(Rating).order_by(Rating.id))
        return list(rows)
