import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.phones import PHONES
from sandbox.server import serve
from tests.wechat.conftest import Turned, World
from tests.wechat.messages import ENGINEER, FINISHED, SEND, TOKEN, finished
from wechat.errors import WECHAT, WECOM, Action, WeChatError
from wechat.oauth import exchange

MIDNIGHT_IN_CHINA = "midnight"
NEVER = None
Heals = float | str | None

# The decision table of the fact sheet, row by row: what to do, when it heals (after seconds), and the codes.
# A stale token is seen here only after the renewal did not help.
TABLE: list[tuple[Action, Heals, list[int]]] = [
    (Action.STOPPED, NEVER, [40001, 40014, 42001]),
    (Action.RETRY, 1, [-1]),
    (Action.RETRY, 60, [45011, 44990, 44991, 43117]),
    (Action.RETRY, 3, [43108]),
    (Action.DUPLICATE, NEVER, [40241]),
    (Action.STOPPED, MIDNIGHT_IN_CHINA, [45009, 44993, 45029]),
    (Action.STOPPED, NEVER, [40125, 40243, 41004, 40013, 40164, 89503, 89506, 89507]),
    (Action.STOPPED, NEVER, [50007, 48001, 48004, 43107, 40249, 43116, 40037, 61007, 48006]),
    (Action.PERMANENT, NEVER, [40003, 43004, 43101, 43019, 48002, 45168, 45015, 45047, 43104, 61010]),
    (Action.BUG, NEVER, [41030, 40165, 40039, 47003, 44002, 47001, 40062]),
    (Action.BUG, NEVER, [40052, 40053, 40097, 40129, 40169, 85096]),
    (Action.LOGIN_AGAIN, NEVER, [40029, 40163, 42002, 40030, 42007]),
    (Action.REFUSED, NEVER, [40226]),
    (Action.BUG, NEVER, [12345]),
]
WECOM_TABLE: list[tuple[Action, Heals, list[int]]] = [
    (Action.STOPPED, NEVER, [40014, 42001]),
    (Action.RETRY, 1, [-1]),
    (Action.RETRY, 60, [45009, 45033]),
    (Action.STOPPED, NEVER, [40001, 40013, 40056, 48002, 50003, 60011, 60020, 93000, 301002]),
    (Action.PERMANENT, NEVER, [81013, 82001, 60111, 40003, 40031]),
    (Action.BUG, NEVER, [40058, 44004, 45002, 12345]),
    (Action.LOGIN_AGAIN, NEVER, [40029, 42003]),
]


@pytest.fixture(scope="module")
def table_world() -> Iterator[World]:
    """One sandbox for all rows; each starts with accounts and a store of its own."""
    clock = Turned()
    with serve(
        app_url="http://localhost:8000", clock=lambda: clock.now.timestamp(), environ={"APP_ENV": "test"}
    ) as sandbox:
        yield World(sandbox, clock)


@pytest.fixture
def row(table_world: World) -> World:
    return World(table_world.sandbox, table_world.clock)


def rows(table: list[tuple[Action, Heals, list[int]]]) -> list[tuple[int, Action, Heals]]:
    return [(errcode, action, heals) for action, heals, codes in table for errcode in codes]


@pytest.mark.parametrize(("errcode", "action", "heals"), rows(TABLE))
def test_every_code_of_wechat_says_what_to_do(row: World, errcode: int, action: Action, heals: Heals) -> None:
    before = row.calls(SEND), row.calls(TOKEN)
    row.trouble(SEND, next_errors=[errcode] * 9)

    with pytest.raises(WeChatError) as caught:
        row.service.send_template(ENGINEER, **FINISHED)

    error = caught.value
    assert (error.errcode, error.action) == (errcode, action)
    assert_heals(error, heals)
    assert error.rid
    assert error.uncertain is False
    tries = 2 if errcode in WECHAT.stale else 1
    assert (row.calls(SEND) - before[0], row.calls(TOKEN) - before[1]) == (tries, tries)
    assert row.delivered() == []


@pytest.mark.parametrize(("errcode", "action", "heals"), rows(WECOM_TABLE))
def test_every_code_of_wecom_says_what_to_do(row: World, errcode: int, action: Action, heals: Heals) -> None:
    path, token = "/cgi-bin/message/send", "/cgi-bin/gettoken"
    before = row.calls(path), row.calls(token)
    row.trouble(path, next_errors=[errcode] * 9)

    with pytest.raises(WeChatError) as caught:
        row.wecom.send_card("engineer", title="派单", text="内科", url="http://localhost:8000/")

    error = caught.value
    assert (error.errcode, error.action) == (errcode, action)
    assert_heals(error, heals)
    assert error.uncertain is False
    tries = 2 if errcode in WECOM.stale else 1
    assert (row.calls(path) - before[0], row.calls(token) - before[1]) == (tries, tries)
    assert row.delivered() == []


@pytest.mark.parametrize("errcode", [40001, 40013, 40125, 40243, 41004, 40164, 89503, 89506, 89507, 50007, 45009])
def test_what_is_wrong_with_the_credentials_stops_everything_before_a_message(row: World, errcode: int) -> None:
    before = row.calls(SEND), row.calls(TOKEN)
    row.trouble(TOKEN, next_errors=[errcode] * 9)

    for _ in range(3):
        with pytest.raises(WeChatError) as caught:
            row.service.send_template(ENGINEER, **FINISHED)
        assert (caught.value.errcode, caught.value.action) == (errcode, Action.STOPPED)

    row.trouble(TOKEN)
    assert (row.calls(SEND) - before[0], row.calls(TOKEN) - before[1]) == (0, 1)


@pytest.mark.parametrize(
    ("errcode", "action"),
    [
        (40029, Action.LOGIN_AGAIN),
        (40163, Action.LOGIN_AGAIN),
        (40226, Action.REFUSED),
        (45011, Action.RETRY),
        (-1, Action.RETRY),
        (40125, Action.STOPPED),
    ],
)
@pytest.mark.parametrize("path", ["/sns/oauth2/access_token", "/sns/jscode2session"])
def test_a_refused_sign_in_says_what_to_do_and_is_asked_once(
    row: World, path: str, errcode: int, action: Action
) -> None:
    before = row.calls(path)
    row.trouble(path, next_errors=[errcode] * 9)

    with pytest.raises(WeChatError) as caught:
        row.mini.session("any") if "jscode" in path else exchange(row.account, "any")

    assert (caught.value.errcode, caught.value.action) == (errcode, action)
    assert row.calls(path) - before == 1


def test_the_tables_here_name_every_code_the_gateway_knows() -> None:
    for table, rules in ((TABLE, WECHAT), (WECOM_TABLE, WECOM)):
        known = {errcode for errcode in rules.actions if errcode is not None}
        assert known <= {errcode for errcode, _, _ in rows(table)}


@pytest.mark.parametrize("trouble", [{"next_status": [500]}, {"next_status": [502]}, {"next_truncated": 1}])
def test_an_answer_that_says_nothing_is_trouble_that_passes(world: World, trouble: dict[str, object]) -> None:
    world.trouble(SEND, **trouble)

    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **FINISHED)

    assert (caught.value.errcode, caught.value.action) == (None, Action.RETRY)
    assert_heals(caught.value, 1)
    assert caught.value.uncertain
    assert world.calls(SEND) == 1


@pytest.mark.parametrize("errcode", [-1, None])
def test_trouble_is_given_more_and_more_time(errcode: int | None) -> None:
    error = WeChatError("busy", errcode=errcode)

    for attempt, seconds in enumerate([1, 2, 4, 8, 16, 32, 60, 60], start=1):
        assert seconds <= pause(error, attempt) <= seconds * 1.25
    assert pause(error, 10_000) <= 75


def test_those_that_failed_together_do_not_come_back_together() -> None:
    assert len({pause(WeChatError("busy", errcode=-1), 1) for _ in range(20)}) > 10


def test_a_daily_quota_is_back_at_midnight_in_china() -> None:
    error = WeChatError("reach max api daily quota limit", errcode=45009)

    assert error.heals_at(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert error.heals_at(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 21, 16, tzinfo=UTC)


def test_our_own_mistake_is_logged_as_an_error_with_its_rid(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **finished(time="soon"))

    assert caught.value.errcode == 47003
    assert "data.time3.value invalid" in caught.value.errmsg
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert caught.value.rid
    assert caught.value.rid in record.getMessage()


@pytest.mark.parametrize(
    ("to", "template_id", "errcode"),
    [
        ("oNobodyNobodyNobodyNobodyNob", "sandbox-finished", 40003),
        (ENGINEER, "no-such-template", 40037),
        (PHONES["stranger"].openid, "sandbox-finished", 43004),
    ],
)
def test_the_sandbox_itself_refuses_what_wechat_refuses(world: World, to: str, template_id: str, errcode: int) -> None:
    with pytest.raises(WeChatError) as caught:
        world.service.send_template(to, **finished(template_id=template_id))

    assert caught.value.errcode == errcode
    assert world.delivered() == []


def pause(error: WeChatError, attempt: int) -> float:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    healed = error.heals_at(at, attempt=attempt)
    assert healed
    return (healed - at).total_seconds()


def assert_heals(error: WeChatError, heals: Heals) -> None:
    late = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)  # a minute before midnight in China
    healed = error.heals_at(late, attempt=1)
    if heals is NEVER or heals == MIDNIGHT_IN_CHINA:
        assert healed == (None if heals is NEVER else late + timedelta(minutes=1))
    else:
        assert isinstance(heals, float | int)
        assert heals <= pause(error, 1) <= heals * 1.25
        later = pause(error, 4)
        assert heals <= later <= heals * 1.25 if error.errcode not in {None, -1} else later >= 8
