"""What an engineer sees at a glance: how long somebody waits, how long is left, one next step, what was praised."""

from tests.conftest import Phone
from tests.support.world import World


def test_a_task_says_its_age_and_what_is_left(world: World, phone: Phone) -> None:
    ticket, engineer = world.ticket("accepted"), phone(world.engineer_identity)
    for path in ("/engineer", f"/engineer/{ticket.number}"):
        page = engineer.get(path).text
        assert "已等 " in page
        assert "还剩 " in page or "超时 " in page


def test_one_next_step_stands_in_reach(world: World, phone: Phone) -> None:
    engineer = phone(world.engineer_identity)
    steps = {
        state: step(engineer.get(f"/engineer/{world.ticket(state).number}").text)
        for state in ("dispatched", "accepted", "arrived")
    }
    assert {state: found.count("<button") for state, found in steps.items()} == {
        "dispatched": 1,
        "accepted": 1,
        "arrived": 1,
    }
    assert ("接单" in steps["dispatched"], "到场" in steps["accepted"], "是，已修好" in steps["arrived"]) == (True,) * 3


def test_a_code_that_is_held_out_too_early_says_so(world: World, phone: Phone) -> None:
    engineer = phone(world.engineer_identity)
    early, done = (
        engineer.get(f"/engineer/{world.ticket(state).number}/code").text for state in ("accepted", "finished")
    )
    assert "还没有完成" in early
    assert "还没有完成" not in done


def step(page: str) -> str:
    return page.partition('<div class="next">')[2].partition("</div>\n")[0].partition('<dl class="card">')[0]
