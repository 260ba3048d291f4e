"""One WeChat user asks for no more than a person would."""

import pytest

from tests.api.conftest import TakePhone
from tests.support.phone import Phone, code
from tests.support.world import World

POSTS = 8


def test_so_many_posts_a_minute_and_only_this_users(nurse: Phone, take_phone: TakePhone, world: World) -> None:
    answers = [nurse.post("/tickets", {"description": f"坏了 {number}"}) for number in range(POSTS)]
    assert {answer.status_code for answer in answers} == {201}
    assert code(nurse.post("/tickets", {"description": "坏了"})) == (429, "too_many")
    assert code(nurse.post("/privacy", {"version": "x"})) == (429, "too_many")
    assert nurse.get("/tickets").status_code == 200
    assert take_phone("supervisor", world.doctor).post("/tickets", {"description": "坏了"}).status_code == 201


def test_a_users_phone_number_is_asked_of_wechat_a_few_times_only(nurse: Phone) -> None:
    answers = [code(nurse.post("/phone", {"code": "made-up"})) for _ in range(6)]
    assert answers == [(403, "sign_in_again")] * 5 + [(429, "too_many")]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "API_POSTS_PER_MINUTE": str(POSTS)}
