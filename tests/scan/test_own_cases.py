"""The address of a user's own case."""

from app.runtime import Runtime
from tests.conftest import Phone
from tests.support.cases import Cases
from tests.support.world import World

WORDS = "等了两小时"


def test_an_address_does_not_count_and_one_that_did_still_leads_there(
    world: World, phone: Phone, runtime: Runtime
) -> None:
    cases, own = Cases(world), runtime.links.case_path
    first, second = cases.complain(WORDS), cases.complain(WORDS, about="supervisor")
    nurse = phone(world.nurse_identity)
    assert own(first)[:16] != own(second)[:16]  # where the first bytes of the number would stand
    assert nurse.get(f"/my/cases/{first}").location == own(first)
    assert WORDS in nurse.get(own(first)).text
    for nobodys in (own(first)[:-1], own(first)[:-1] + "B", "/my/cases/99"):
        assert nurse.get(nobodys).status_code == 404
