"""The two settings of a hospital without staff numbers or without WeChat at hand: RATING_TRUST and BROWSER_RATING."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.models import Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.world import World


@pytest.mark.parametrize("environ", [{"RATING_TRUST": "open"}], indirect=True)
def test_with_open_trust_an_unverified_rating_counts_and_the_first_stands(
    slip: Slip, world: World, phone: Phone
) -> None:
    ticket = world.ticket("finished")
    stranger, nurse = phone(world.stranger_identity), phone(world.nurse_identity)
    late = slip.form(nurse, ticket)
    slip.rate(stranger, ticket, 2)
    assert slip.counted(ticket) == [(2, None)]
    answer = nurse.post(slip.path(ticket) + "/rate", data={"level": "5", "visit": late}, follow_redirects=True)
    assert answer.status_code == 200
    assert slip.counted(ticket) == [(2, None)]
    assert slip.rows()["rating"] == 1


@pytest.mark.parametrize("environ", [{"RATING_TRUST": "open"}], indirect=True)
def test_with_open_trust_a_second_phone_cannot_learn_that_it_was_rated(slip: Slip, world: World, phone: Phone) -> None:
    """Page, answer and what follows are the same, whether somebody was quicker or not."""
    seen = []
    for rated in (False, True):
        ticket = world.ticket("finished")
        with world.database.transaction() as session:
            phones = [
                WeChatIdentity(appid="wxTest", openid=f"o{rated}{number}", first_seen_at=clock.now())
                for number in range(2)
            ]
            for identity in phones:
                identity.privacy_version = PRIVACY_VERSION
            session.add_all(phones)
        if rated:
            slip.rate(phone(phones[0]), ticket, 1)
        second = phone(phones[1])
        before = second.get(slip.path(ticket)).text
        answer = slip.rate(second, ticket, 4)
        after = second.get(slip.path(ticket)).text
        assert answer.status_code == 303
        seen.append(
            [re.sub(r'value="[^"]+"|/r/[^"/]+|[?]r=[^"]+|[0-9][-:0-9 ]+', "", page) for page in (before, after)]
        )
        assert [level for level, _ in slip.counted(ticket)] == [1 if rated else 4]
    assert seen[0] == seen[1]
    assert 'action="/rate"' in seen[1][0]


@pytest.mark.parametrize("environ", [{"RATING_TRUST": "open"}], indirect=True)
def test_with_open_trust_the_provider_still_cannot_rate(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    assert slip.rate(phone(world.engineer_identity), ticket, 5).status_code == 403
    assert slip.rate(phone(world.bind(world.doctor)), ticket, 5).status_code == 403
    assert slip.rows()["rating"] == 0


@pytest.mark.parametrize("environ", [{"BROWSER_RATING": "on"}], indirect=True)
def test_a_browser_rates_once_unverified_and_takes_no_slot(
    slip: Slip, world: World, client: FlaskClient, phone: Phone
) -> None:
    ticket = world.ticket("finished")
    agree(client, slip, ticket)
    form = slip.form(client, ticket)
    for level in ("4", "1"):
        answer = client.post(slip.path(ticket) + "/rate", data={"level": level, "visit": form})
        assert answer.status_code == 303
    page = client.get(slip.path(ticket)).text
    assert "满意" in page
    assert "未核验" in page
    assert (slip.rows()["rating"], slip.counted(ticket)) == (1, [])
    slip.rate(phone(world.nurse_identity), ticket, 5)
    assert slip.counted(ticket) == [(5, world.nurse.id)]


@pytest.mark.parametrize("environ", [{"BROWSER_RATING": "on"}], indirect=True)
def test_looking_with_a_browser_writes_nothing_not_even_an_identity(
    slip: Slip, world: World, client: FlaskClient
) -> None:
    ticket = world.ticket("finished")
    assert "使用前请看" in client.get(slip.path(ticket)).text
    assert client.post(slip.path(ticket) + "/rate", data={"level": "5", "visit": "made up"}).status_code == 403
    with world.database.reading() as session:
        assert session.scalars(select(WeChatIdentity).where(WeChatIdentity.appid == "browser")).all() == []


@pytest.mark.parametrize("environ", [{"BROWSER_RATING": "on", "RATING_TRUST": "open"}], indirect=True)
def test_with_both_a_browsers_rating_counts_once(slip: Slip, world: World, client: FlaskClient) -> None:
    ticket = world.ticket("finished")
    agree(client, slip, ticket)
    slip.rate(client, ticket, 5)
    assert slip.counted(ticket) == [(5, None)]
    other = client.application.test_client()
    agree(other, slip, ticket)
    slip.rate(other, ticket, 1)
    assert slip.counted(ticket) == [(5, None)]


def test_without_the_settings_a_browser_cannot_rate(slip: Slip, world: World, client: FlaskClient) -> None:
    ticket = world.ticket("finished")
    assert "请用微信打开" in client.get(slip.path(ticket)).text
    assert slip.rate(client, ticket, 5).status_code == 403
    assert slip.rows()["rating"] == 0


def agree(client: FlaskClient, slip: Slip, ticket: Ticket) -> None:
    """The privacy notice comes first in a browser too; agreeing is what makes it known to us."""
    page = client.get(slip.path(ticket)).text
    assert "使用前请看" in page
    told = {"visit": slip.token_in(page), "next": slip.path(ticket)}
    assert client.post("/privacy", data=told).headers["Location"] == slip.path(ticket)


@pytest.fixture
def environ(environ: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return {**environ, **getattr(request, "param", {})}


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)
