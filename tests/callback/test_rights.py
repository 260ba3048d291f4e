"""What WeChat pushes because the law says so: taken back, closed, left. Through the real door, by the worker."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock
from app.db import Base
from app.models import (
    ApiSession,
    BindInvitation,
    ForgottenOpenid,
    IdempotentPost,
    IdentityClaim,
    Inbound,
    SubscriptionCredit,
    Ticket,
    TicketPhoto,
    WeChatIdentity,
)
from app.runtime import Runtime
from app.services.identity import binding, wechat_sign_in
from app.services.notices import channels
from app.services.tickets.scan import load
from tests.callback.conftest import MINI
from tests.callback.test_work import event
from tests.conftest import KEY
from tests.support.scan_forms import Slip
from tests.support.world import APPID, World

Worked = Callable[..., Inbound]
Rated = Callable[[Ticket, int], int]
OF_THE_PHONE = (ApiSession, IdempotentPost, SubscriptionCredit)


@pytest.mark.parametrize(
    ("codes", "reason", "left"),
    [
        ("8", "proofs", {"places": 1, "photos": 1, "answers": 0}),
        ("13", "locations", {"places": 0, "photos": 1, "answers": 1}),
        ("18", "locations", {"places": 0, "photos": 1, "answers": 1}),
        ("14", "photos", {"places": 1, "photos": 0, "answers": 1}),
        ("7,13,8", "locations photos proofs", {"places": 0, "photos": 0, "answers": 0}),
        ("1", "nothing_kept", {"places": 1, "photos": 1, "answers": 1}),
        ("6", "nothing_kept", {"places": 1, "photos": 1, "answers": 1}),
        ("81", "nothing_kept", {"places": 1, "photos": 1, "answers": 1}),
        ("", "nothing_kept", {"places": 1, "photos": 1, "answers": 1}),
    ],
)
def test_what_is_taken_back_goes_and_nothing_else(
    codes: str, reason: str, left: dict[str, int], worked: Worked, world: World, runtime: Runtime
) -> None:
    nurse, other = report_by_mini(world, "oNurse"), report_by_mini(world, "oOther")
    done = worked(event("user_authorization_revoke", "oPusher", OpenID="oNurse", RevokeInfo=codes), "mini")
    assert (done.state, done.reason, done.alert) == ("done", reason, "")
    assert kept_of(runtime, nurse) == left
    assert kept_of(runtime, other) == {"places": 1, "photos": 1, "answers": 1}


def test_a_changed_nickname_changes_nothing_because_none_is_kept(worked: Worked, world: World) -> None:
    done = worked(event("user_info_modified", "oPusher", OpenID=world.nurse_identity.openid), "mini")
    assert (done.state, done.reason, done.alert) == ("done", "nothing_kept", "")


@pytest.mark.parametrize(("name", "claims"), [("unsubscribe", ["refused"]), ("user_authorization_cancellation", [])])
def test_whoever_leaves_has_no_session_no_credit_no_claim_and_no_invitation(
    name: str, claims: list[str], worked: Worked, world: World, runtime: Runtime
) -> None:
    phone = world.engineer_identity
    with runtime.database.transaction() as session:
        session.add_all(of_a_phone(phone))
        session.add(
            BindInvitation(number=1, person_id=world.engineer.id, created_at=clock.now(), expires_at=clock.now())
        )
        session.add(
            IdentityClaim(identity_id=phone.id, person_id=world.nurse.id, state="waiting", created_at=clock.now())
        )
    worked(event(name, phone.openid, OpenID=phone.openid))
    assert [count(runtime, table) for table in (*OF_THE_PHONE, BindInvitation)] == [0, 0, 0, 0]
    with runtime.database.reading() as session:
        left = session.get_one(WeChatIdentity, phone.id)
        assert session.scalars(select(IdentityClaim.state)).all() == claims
        # What waits to be sent to the engineer finds no way any more.
        assert channels.addresses(session, channels.channel_order(runtime.settings), [world.engineer.id]) == {}
    assert left.forgotten_at is not None
    assert (left.person_id, left.unionid, left.privacy_at) == (None, None, None)
    assert phone.openid not in left.openid


def test_an_engineer_who_left_wechat_and_comes_back_does_not_rate_his_work(
    worked: Worked, world: World, runtime: Runtime, rated: Rated
) -> None:
    ticket = world.ticket("finished")
    worked(event("unsubscribe", world.engineer_identity.openid))
    back = come(runtime, world.engineer_identity.openid)
    assert back != world.engineer_identity.id
    assert rated(ticket, back) == 403


def test_a_browser_that_holds_on_to_a_forgotten_engineer_does_not_rate_either(
    worked: Worked, world: World, rated: Rated
) -> None:
    ticket = world.ticket("finished")
    worked(event("unsubscribe", world.engineer_identity.openid))
    assert rated(ticket, world.engineer_identity.id) == 403


def test_a_nurse_who_left_wechat_and_comes_back_rates(
    worked: Worked, world: World, runtime: Runtime, rated: Rated
) -> None:
    ticket = world.ticket("finished")
    worked(event("unsubscribe", world.nurse_identity.openid))
    assert count(runtime, ForgottenOpenid) == 0
    assert rated(ticket, come(runtime, world.nurse_identity.openid)) == 303


def test_leaving_twice_changes_nothing(worked: Worked, world: World, runtime: Runtime, rated: Rated) -> None:
    ticket = world.ticket("finished")
    for second in range(2):
        worked(event("unsubscribe", world.engineer_identity.openid, CreateTime=1482048670 + second))
        back = come(runtime, world.engineer_identity.openid)
    assert count(runtime, ForgottenOpenid) == 1
    assert rated(ticket, back) == 403


def test_an_unbound_engineer_does_not_rate_his_work_either(world: World, runtime: Runtime, rated: Rated) -> None:
    ticket = world.ticket("finished")
    with runtime.database.transaction() as session:
        binding.unbind(session, world.engineer_identity.id, by=world.supervisor.id, at=clock.now())
    assert rated(ticket, world.engineer_identity.id) == 403


def test_once_bound_to_the_hospital_he_is_what_the_roster_says(worked: Worked, world: World, runtime: Runtime) -> None:
    ticket = world.ticket("finished")
    worked(event("unsubscribe", world.engineer_identity.openid))
    back = come(runtime, world.engineer_identity.openid)
    with runtime.database.transaction() as session:
        session.execute(update(WeChatIdentity).where(WeChatIdentity.id == back).values(person_id=world.doctor.id))
    with runtime.database.reading() as session:
        assert not load(session, ticket.id, identity_id=back, at=clock.now()).provider_staff


def test_he_is_known_again_by_an_older_key_and_by_no_other(worked: Worked, world: World, runtime: Runtime) -> None:
    worked(event("unsubscribe", world.engineer_identity.openid))
    openid, other = world.engineer_identity.openid, "another-key-00000000000000000000000000"
    for keys, known in (([other, KEY], True), ([other], False)):
        with runtime.database.transaction() as session:
            who = wechat_sign_in.identify(session, appid=APPID, openid=openid, unionid=None, keys=keys, at=clock.now())
        with runtime.database.transaction() as session:
            identity = session.get_one(WeChatIdentity, who)
            assert identity.provider_staff is known
            session.delete(identity)


def report_by_mini(world: World, openid: str) -> WeChatIdentity:
    """A report with a place and a photo by somebody with the mini-program."""
    person = world.nurse if openid == "oNurse" else world.second_nurse
    ticket = world.ticket(served=person)
    with world.database.transaction() as session:
        phone = WeChatIdentity(appid=MINI.appid, openid=openid, person_id=person.id, first_seen_at=clock.now())
        session.add(phone)
        session.flush()
        session.add(of_a_phone(phone)[1])
        session.add(TicketPhoto(ticket_id=ticket.id, media_type="image/png", content=b"png", at=clock.now()))
        session.execute(update(Ticket).where(Ticket.id == ticket.id).values(location="护士站"))
    return phone


def kept_of(runtime: Runtime, phone: WeChatIdentity) -> dict[str, int]:
    theirs = Ticket.requester_id == phone.person_id
    with runtime.database.reading() as session:
        return {
            "places": len(session.scalars(select(Ticket.id).where(theirs, Ticket.location != "")).all()),
            "photos": len(session.scalars(select(TicketPhoto.id).join(Ticket).where(theirs)).all()),
            "answers": len(
                session.scalars(select(IdempotentPost.key).where(IdempotentPost.identity_id == phone.id)).all()
            ),
        }


def of_a_phone(phone: WeChatIdentity) -> list[Base]:
    now = clock.now()
    return [
        ApiSession(
            identity_id=phone.id,
            family="f",
            access="a",
            refresh="r",
            issued_at=now,
            expires_at=now,
            refresh_expires_at=now,
        ),
        IdempotentPost(identity_id=phone.id, key="k-1", request="r", status=200, answer="{}", at=now),
        SubscriptionCredit(identity_id=phone.id, template_id="T1", credits=1, updated_at=now),
    ]


def come(runtime: Runtime, openid: str) -> int:
    """The user opens a page again: WeChat tells the same openid."""
    with runtime.database.transaction() as session:
        who = wechat_sign_in.identify(session, appid=APPID, openid=openid, unionid=None, keys=[KEY], at=clock.now())
        wechat_sign_in.accept_privacy(session, who, at=clock.now())
        return who


def count(runtime: Runtime, table: type[Base]) -> int:
    with runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "RATING_TRUST": "open"}


@pytest.fixture
def rated(runtime: Runtime, client: FlaskClient) -> Rated:
    """What a rating by this phone is answered."""

    def rate(ticket: Ticket, identity_id: int) -> int:
        with client.session_transaction() as session:
            session.update(identity=identity_id, visit="v")
        return Slip(runtime).rate(client, ticket, 5).status_code

    return rate
