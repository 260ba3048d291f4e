from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest

import wechat.token
from sandbox.accounts import SERVICE
from tests.wechat.conftest import Canned, World
from tests.wechat.messages import TOKEN
from wechat.errors import Action, WeChatError
from wechat.http import Wire
from wechat.token import MemoryStore, SharedToken, StoredToken, stable_token

KEY = f"wechat-token-{SERVICE.appid}"


def test_eight_threads_with_a_cold_cache_fetch_once(world: World) -> None:
    world.trouble(TOKEN, latency_before=0.3)
    start = Barrier(8)

    def get(_: int) -> str:
        start.wait()
        return owner(world).get(world.clock.now)

    with ThreadPoolExecutor(8) as threads:
        values = set(threads.map(get, range(8)))

    assert len(values) == 1
    assert world.calls(TOKEN) == 1


def test_eight_threads_with_the_same_stale_token_renew_once(world: World) -> None:
    stale = owner(world).get(world.clock.now)
    world.revoke_tokens()
    start = Barrier(8)

    def renew(_: int) -> str:
        start.wait()
        return owner(world).get(world.clock.now, failed=stale)

    with ThreadPoolExecutor(8) as threads:
        values = set(threads.map(renew, range(8)))

    assert len(values) == 1
    assert stale not in values
    assert world.calls(TOKEN) == 3  # the first, the somebody's, the renewal


def test_a_token_is_renewed_five_minutes_before_its_end(world: World) -> None:
    token = owner(world)
    first = token.get(world.clock.now)
    world.clock.forward(7200 - 301)
    assert token.get(world.clock.now) == first
    assert world.calls(TOKEN) == 1

    world.clock.forward(1)

    assert token.get(world.clock.now) != first
    assert world.calls(TOKEN) == 2


def test_a_token_with_a_short_rest_of_life_is_used_to_its_last_minute(canned: Canned, world: World) -> None:
    url = canned({"access_token": "short", "expires_in": 200})
    token = stable_token(Wire(url), world.store, appid=SERVICE.appid, secret="hush")
    token.get(world.clock.now)
    # What others would store now: a look that keeps it proves that nothing is fetched.
    world.store.put(KEY, StoredToken("short", world.clock.now + timedelta(seconds=199)))
    token.get(world.clock.now + timedelta(seconds=138))
    untouched = world.store.get(KEY)
    assert untouched
    assert untouched.expires_at == world.clock.now + timedelta(seconds=199)

    token.get(world.clock.now + timedelta(seconds=140))

    fetched = world.store.get(KEY)
    assert fetched
    assert fetched.expires_at == world.clock.now + timedelta(seconds=340)


def test_who_waits_takes_the_token_the_owner_of_the_lock_fetches(world: World) -> None:
    locked, done = Event(), Event()

    def fetch_elsewhere() -> None:
        with world.store.lock(KEY, 10):
            locked.set()
            done.wait(0.3)
            world.store.put(KEY, StoredToken("from elsewhere", world.clock.now + timedelta(hours=2)))

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(fetch_elsewhere)
        locked.wait()
        assert owner(world).get(world.clock.now) == "from elsewhere"

    assert world.calls(TOKEN) == 0


def test_who_has_waited_long_enough_takes_the_old_token_while_it_is_valid(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.token, "_WAIT_SECONDS", 0.25)
    world.store.put(KEY, StoredToken("old", world.clock.now + timedelta(seconds=100)))

    with world.store.lock(KEY, 10):
        assert owner(world).get(world.clock.now) == "old"
        with pytest.raises(WeChatError) as caught:
            owner(world).get(world.clock.now, failed="old")

    assert caught.value.action is Action.RETRY
    assert world.calls(TOKEN) == 0


def test_an_outage_is_bridged_by_the_old_token(world: World) -> None:
    first = owner(world).get(world.clock.now)
    world.clock.forward(7200 - 100)
    world.trouble(TOKEN, next_errors=[-1] * 4)
    assert owner(world).get(world.clock.now) == first

    world.clock.forward(200)

    with pytest.raises(WeChatError) as caught:
        owner(world).get(world.clock.now)
    assert caught.value.action is Action.RETRY


def test_an_outage_is_not_asked_about_by_every_message(world: World) -> None:
    token = owner(world)
    first = token.get(world.clock.now)
    world.clock.forward(7200 - 100)
    world.trouble(TOKEN, next_status=[502] * 99)

    for _ in range(30):
        assert token.get(world.clock.now) == first
        world.clock.forward(1)

    assert world.calls(TOKEN) == 1 + 3


def test_a_token_that_stays_the_same_to_its_end_is_not_asked_for_by_every_message(world: World) -> None:
    path = "/cgi-bin/gettoken"
    beginning = world.clock.now
    for second in (0, *range(7200 - 40, 7200 - 10), 7201):
        world.clock.now = beginning + timedelta(seconds=second)
        world.wecom.send_card("engineer", title="派单", text=f"{second}", url="http://localhost:8000/")

    assert world.calls(path) == 1 + 3 + 1
    assert len(world.delivered()) == 32


@pytest.mark.parametrize(
    ("value", "life"), [("", 7200), (7, 7200), ("T", 0), ("T", -1), ("T", 10**12), ("T", "7200"), ("T", None)]
)
def test_a_token_that_cannot_be_one_is_not_kept(canned: Canned, world: World, value: object, life: object) -> None:
    token = stable_token(
        Wire(canned({"access_token": value, "expires_in": life})), world.store, appid=SERVICE.appid, secret="hush"
    )

    with pytest.raises(WeChatError, match="broken reply"):
        token.get(world.clock.now)

    assert world.store.get(KEY) is None


def test_a_stale_token_renewed_by_another_process_is_not_fetched_again(world: World) -> None:
    world.store.put(KEY, StoredToken("newer", world.clock.now + timedelta(hours=1)))

    assert owner(world).get(world.clock.now, failed="failed") == "newer"
    assert world.calls(TOKEN) == 0


def test_a_lock_is_free_again_after_an_error() -> None:
    store = MemoryStore()
    with pytest.raises(ZeroDivisionError), store.lock("key", 1):
        raise ZeroDivisionError
    with store.lock("key", 1) as first, store.lock("key", 1) as second:
        assert (first, second) == (True, False)
    with store.lock("key", 1) as after:
        assert after


def owner(world: World) -> SharedToken:
    """As another worker would have it: an object of its own, the store shared."""
    return stable_token(Wire(world.sandbox.url), world.store, appid=SERVICE.appid, secret=SERVICE.secret)
