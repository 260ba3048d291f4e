"""A request that comes twice is done once, whatever became of the first answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from app import clock
from app.models import BindingTry, IdempotentPost, Rating, Ticket
from app.services.idempotency import AT_MOST
from tests.api.conftest import TakePhone, TokenOf
from tests.support.phone import Phone, code, told
from tests.support.world import World

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


def test_the_same_request_gets_the_same_answer_and_is_done_once(nurse: Phone, world: World) -> None:
    asked = {"description": "打印机不出纸", "location": "护士站"}
    first, second = (nurse.post("/tickets", asked, key=KEY) for _ in range(2))
    assert (first.status_code, first.data) == (second.status_code, second.data) == (201, second.data)
    assert ("Idempotent-Replayed" in first.headers, "Idempotent-Replayed" in second.headers) == (False, True)
    assert tickets(world) == 1


def test_after_a_refusal_that_did_nothing_the_same_request_may_go_through(
    nurse: Phone, world: World, token_of: TokenOf
) -> None:
    ticket = world.ticket("arrived")
    asked = {"form": nurse.scan(token_of(ticket))["form"], "level": 5}
    path = f"/scan/{token_of(ticket)}/rating"
    assert code(nurse.post(path, asked, key=KEY)) == (409, "not_finished")
    world.move(ticket, "finish")
    assert nurse.post(path, asked, key=KEY).status_code == 201


def test_who_is_bound_meanwhile_sends_the_same_fault_again(take_phone: TakePhone, world: World) -> None:
    stranger = take_phone("stranger")
    assert code(stranger.post("/tickets", {"description": "坏了"}, key=KEY)) == (403, "bind_first")
    doctor = {"staff_number": "00106", "name": "李伟", "last_four": "0106"}
    assert told(stranger.post("/binding", doctor)) == {"outcome": "claimed"}
    world.approve_claims()
    assert stranger.post("/tickets", {"description": "坏了"}, key=KEY).status_code == 201
    assert tickets(world) == 1


def test_a_refusal_that_did_something_is_repeated_and_counts_once(take_phone: TakePhone, world: World) -> None:
    stranger, wrong = take_phone("stranger"), {"staff_number": "00106", "name": "李四", "last_four": "0106"}
    answers = {stranger.post("/binding", wrong, key=KEY).data for _ in range(2)}
    assert len(answers) == 1
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(BindingTry)) == 1


def test_a_key_is_for_one_request_only(nurse: Phone, world: World) -> None:
    nurse.post("/tickets", {"description": "一"}, key=KEY)
    assert code(nurse.post("/tickets", {"description": "二"}, key=KEY)) == (422, "idempotency_key_reused")
    assert code(nurse.post("/privacy", {"version": "一"}, key=KEY)) == (422, "idempotency_key_reused")
    assert tickets(world) == 1


def test_another_phones_key_is_another_key(nurse: Phone, take_phone: TakePhone, world: World) -> None:
    asked = {"description": "坏了"}
    other = take_phone("supervisor", world.supervisor)
    assert told(nurse.post("/tickets", asked, key=KEY)) != told(other.post("/tickets", asked, key=KEY))


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space", "引号"])
def test_without_a_usable_key_nothing_is_done(nurse: Phone, world: World, key: str) -> None:
    header = {"Idempotency-Key": key.encode().decode("latin-1")}
    answer = nurse.ask("POST", "/tickets", json={"description": "坏了"}, headers=header)
    assert code(answer) == (400, "idempotency_key_missing")
    assert tickets(world) == 0


def test_what_is_still_being_done_is_not_begun_again_until_whoever_began_is_dead(nurse: Phone, world: World) -> None:
    asked = {"description": "坏了"}
    nurse.post("/tickets", asked, key=KEY)
    with world.database.transaction() as session:
        session.execute(update(IdempotentPost).values(status=0, answer=""))
    assert code(nurse.post("/tickets", asked, key=KEY)) == (409, "still_running")
    with world.database.transaction() as session:
        session.execute(update(IdempotentPost).values(at=clock.now() - AT_MOST - timedelta(seconds=1)))
    assert nurse.post("/tickets", asked, key=KEY).status_code == 201


def test_sent_eight_times_at_once_it_is_one_rating_and_one_answer(
    nurse: Phone, world: World, token_of: TokenOf
) -> None:
    token = token_of(world.ticket("finished"))
    asked = {"form": nurse.scan(token)["form"], "level": 5}

    def tap(_number: int) -> tuple[int, bytes]:
        phone = Phone(nurse.client.application.test_client(), access=nurse.access)
        answer = phone.post(f"/scan/{token}/rating", asked, key=KEY)
        return answer.status_code, answer.data

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(tap, range(8)))
    assert [status for status, _ in answers] == [201]
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Rating)) == 1


def test_no_answer_is_kept_of_what_went_wrong_here(nurse: Phone, world: World) -> None:
    nurse.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    asked = {"json": {"description": "坏了"}, "headers": {"Idempotency-Key": KEY}}
    asked["headers"]["Authorization"] = f"Bearer {nurse.access}"
    rename(world, "ticket", "ticket_away")
    try:
        assert code(nurse.client.post("/api/v1/tickets", **asked)) == (500, "our_fault")
    finally:
        rename(world, "ticket_away", "ticket")
    assert nurse.post("/tickets", {"description": "坏了"}, key=KEY).status_code == 201


def rename(world: World, table: str, to: str) -> None:
    with world.database.transaction() as session:
        session.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


def tickets(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0
