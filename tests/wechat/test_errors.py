import logging
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.phones import PHONES
from tests.wechat.conftest import World
from tests.wechat.messages import ENGINEER, FINISHED, SEND, finished
from wechat.errors import Action, WeChatError

# The decision table of the fact sheet, row by row, save the stale tokens, which test_account has.
TABLE = [
    (Action.RETRY, [-1, 45011, 44990, 44991, 43117, 43108]),
    (Action.DUPLICATE, [40241]),
    (Action.STOPPED, [45009, 44993, 45029]),
    (Action.STOPPED, [40125, 40243, 41004, 40013, 40164, 89503, 89506, 89507]),
    (Action.STOPPED, [50007, 48001, 48004, 43107, 40249, 43116, 40037, 61007, 48006]),
    (Action.PERMANENT, [40003, 43004, 43101, 43019, 48002, 45168, 45015, 45047]),
    (Action.BUG, [41030, 40165, 40039, 47003, 44002, 47001, 40062]),
    (Action.LOGIN_AGAIN, [40029, 40163, 42002, 40030, 42007]),
    (Action.REFUSED, [40226]),
    (Action.BUG, [12345]),
]


def test_every_code_says_what_to_do(world: World) -> None:
    for action, codes in TABLE:
        for errcode in codes:
            error = refused(world, errcode)
            assert (errcode, error.action) == (errcode, action)
            assert error.errcode == errcode
            assert error.rid
            assert error.uncertain is False
    assert world.calls(SEND) == sum(len(codes) for _, codes in TABLE)
    assert world.delivered() == []


@pytest.mark.parametrize(("errcode", "seconds"), [(43108, 3), (45011, 60), (44990, 60), (44991, 60), (43117, 60)])
def test_what_passes_by_itself_says_when(errcode: int, seconds: int) -> None:
    error = WeChatError("busy", errcode=errcode)

    for attempt in (1, 9):
        assert seconds <= pause(error, attempt) <= seconds * 1.25


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


@pytest.mark.parametrize("errcode", [40003, 40037, 47003, 40029])
def test_what_needs_somebody_never_heals_by_itself(errcode: int) -> None:
    assert WeChatError("no", errcode=errcode).heals_at(datetime(2026, 11, 20, tzinfo=UTC)) is None


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


def refused(world: World, errcode: int) -> WeChatError:
    world.trouble(SEND, next_errors=[errcode])
    with pytest.raises(WeChatError) as caught:
        world.service.send_template(ENGINEER, **FINISHED)
    return caught.value


def pause(error: WeChatError, attempt: int) -> float:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    healed = error.heals_at(at, attempt=attempt)
    assert healed
    return (healed - at).total_seconds()
