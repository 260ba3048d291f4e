"""Invitations: one person, one phone, once, for a day; what scanning the account's own code does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from app import clock
from app.errors import Missing, Refused
from app.models import BindInvitation, CountedRating, IdentityClaim, Person, WeChatIdentity
from app.services.identity import invitations
from app.services.identity.binding import Outcome
from app.services.links import Links
from app.services.ratings import rating
from app.services.tickets.scan import load
from tests.conftest import KEY
from tests.support.world import APPID, World

LINKS = Links("https://rate.example", (KEY,))


def test_it_binds_one_phone_once(office: "Office", world: World) -> None:
    number = office.invite(world.auditor)
    assert office.accept(number, world.stranger_identity) is Outcome.BOUND
    assert office.person_of(world.stranger_identity) == world.auditor.id
    with pytest.raises(Refused, match="invitation_used"):
        office.accept(number, office.newcomer("oOther"))


def test_a_second_tap_finds_it_done(office: "Office", world: World) -> None:
    number = office.invite(world.auditor)
    assert office.accept(number, world.stranger_identity) is Outcome.BOUND
    assert office.accept(number, world.stranger_identity) is Outcome.BOUND
    assert office.asked(number, world.stranger_identity) is None


def test_it_is_over_after_a_day(office: "Office", world: World) -> None:
    began = clock.now()
    number = office.invite(world.auditor, at=began)
    with pytest.raises(Refused, match="invitation_over"):
        office.accept(number, world.stranger_identity, at=began + timedelta(hours=24))
    assert office.accept(number, world.stranger_identity, at=began + timedelta(hours=23, minutes=59)) is Outcome.BOUND


def test_a_new_one_ends_the_one_before(office: "Office", world: World) -> None:
    first, second = office.invite(world.auditor), office.invite(world.auditor)
    with pytest.raises(Refused, match="invitation_over"):
        office.accept(first, world.stranger_identity)
    assert office.accept(second, world.stranger_identity) is Outcome.BOUND


def test_a_code_goes_when_it_is_no_use_and_comes_not_too_late(office: "Office", world: World) -> None:
    first = office.invite(world.auditor)
    office.keep_code(first)
    assert office.codes() == ["http://q/x"]
    second = office.invite(world.auditor)
    office.keep_code(first)
    office.keep_code(second)
    assert office.codes() == ["", "http://q/x"]
    office.accept(second, world.stranger_identity)
    office.keep_code(second)
    assert office.codes() == ["", ""]


def test_who_is_bound_to_another_number_is_refused(office: "Office", world: World) -> None:
    with pytest.raises(Refused, match="bound_already"):
        office.accept(office.invite(world.auditor), world.nurse_identity)
    assert office.person_of(world.nurse_identity) == world.nurse.id


def test_a_browser_that_is_no_wechat_is_not_bound(office: "Office", world: World) -> None:
    number = office.invite(world.auditor)
    with pytest.raises(Refused, match="not_in_wechat"):
        office.accept(number, office.newcomer("cookie", appid="browser"))
    assert office.accept(number, world.stranger_identity) is Outcome.BOUND


def test_where_another_phone_is_bound_a_supervisor_decides(office: "Office", world: World) -> None:
    assert office.accept(office.invite(world.engineer), world.stranger_identity) is Outcome.CLAIMED
    assert office.person_of(world.engineer_identity) == world.engineer.id
    with world.database.reading() as session:
        claim = session.scalars(select(IdentityClaim)).one()
    assert (claim.identity_id, claim.person_id, claim.state) == (
        world.stranger_identity.id,
        world.engineer.id,
        "waiting",
    )


def test_of_many_phones_at_once_one_is_bound(office: "Office", world: World) -> None:
    number = office.invite(world.auditor)

    def accept(phone: WeChatIdentity) -> str:
        try:
            return office.accept(number, phone).value
        except Refused as refused:
            return refused.code

    phones = [office.newcomer(f"o{one}") for one in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(accept, phones))
    assert outcomes == ["bound"] + ["invitation_used"] * 7


def test_who_looks_learns_no_more_than_he_knows(office: "Office", world: World) -> None:
    asked = office.asked(office.invite(world.auditor), world.stranger_identity)
    assert asked == invitations.Invited("冯*", "44")


def test_binding_by_it_counts_what_was_rated_in_the_last_week(office: "Office", world: World) -> None:
    ticket = world.ticket("finished", served=world.auditor)
    office.rate(ticket.id, world.stranger_identity)
    office.accept(office.invite(world.auditor), world.stranger_identity)
    assert office.counted() == 1


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_only_an_admin_invites_an_admin_or_an_auditor(who: str, office: "Office", world: World) -> None:
    person: Person = getattr(world, who)
    with pytest.raises(Refused, match="admins_invite_admins"):
        office.invite(person, by=world.supervisor)
    assert office.invite(person, by=world.admin)


@pytest.mark.parametrize("by", ["supervisor", "admin", None])
def test_a_user_is_invited_only_where_the_hospital_proves_them_so(
    by: str | None, office: "Office", world: World
) -> None:
    who = getattr(world, by) if by else None
    with pytest.raises(Refused, match="users_bind_themselves"):
        office.invite(world.second_nurse, by=who)
    assert (
        office.accept(office.invite(world.second_nurse, by=who, users=True), world.stranger_identity) is Outcome.BOUND
    )


def test_a_phone_that_was_the_providers_is_no_users_by_an_invitation_alone(office: "Office", world: World) -> None:
    """Somebody of the provider has found a strip of the ward's sheet."""
    with world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.stranger_identity.id).provider_staff = True
    made = office.invite(world.second_nurse, users=True)
    assert office.accept(made, world.stranger_identity) is Outcome.CLAIMED
    assert office.person_of(world.stranger_identity) is None


@pytest.mark.parametrize("who", ["engineer", "desk", "supervisor"])
def test_a_supervisor_invites_whoever_works_with_it(who: str, office: "Office", world: World) -> None:
    assert office.invite(getattr(world, who), by=world.supervisor)


def test_an_invitation_binds_him_in_a_second_account_too(office: "Office", world: World) -> None:
    phone = office.newcomer("oMini", appid="wxMini")
    assert office.accept(office.invite(world.engineer), phone) is Outcome.BOUND
    assert office.person_of(world.engineer_identity) == world.engineer.id


def test_nobody_and_the_erased_are_not_invited(office: "Office", world: World) -> None:
    with world.database.transaction() as session:
        session.get_one(Person, world.auditor.id).erased_at = clock.now()
    with pytest.raises(Missing, match="no_such_person"):
        office.invite(world.auditor)


def test_only_who_made_it_can_hand_it_over(office: "Office", world: World) -> None:
    number = office.invite(world.second_engineer, by=world.supervisor)
    with world.database.reading() as session:
        seen = {
            person.staff_number: invitations.standing(session, world.second_engineer.id, by=person.id, at=clock.now())
            for person in (world.supervisor, world.admin, world.auditor)
        }
    assert {who: one.number for who, one in seen.items() if one} == {world.supervisor.staff_number: number}


def test_a_scan_of_the_accounts_code_binds_a_newcomer(office: "Office", world: World) -> None:
    assert office.scan(office.scene(office.invite(world.auditor)), "oNew") == "bound"
    assert office.person_of_openid("oNew") == world.auditor.id


@pytest.mark.parametrize("scene", ["bind_", "bind_x", "bind_" + "A" * 22])
def test_a_made_up_scene_binds_nobody(scene: str, office: "Office", world: World) -> None:
    office.invite(world.auditor)
    assert office.scan(scene, "oNew") == "bad_token"
    assert office.person_of_openid("oNew") is None


def test_a_token_of_another_purpose_is_no_invitation(office: "Office", world: World) -> None:
    number = office.invite(world.auditor)
    ticket = LINKS.ticket_path(number).removeprefix("/r/")
    assert office.scan(f"bind_{ticket}", "oNew") == "bad_token"


def test_an_invitation_withdrawn_says_so(office: "Office", world: World) -> None:
    number = office.invite(world.auditor)
    with world.database.transaction() as session:
        session.delete(session.scalars(select(BindInvitation)).one())
    assert office.scan(office.scene(number), "oNew") == "no_such_invitation"


class Office:
    """Makes invitations and accepts them, as the pages and the worker do."""

    def __init__(self, world: World) -> None:
        self.world = world

    def invite(
        self, person: Person, *, by: Person | None = None, at: datetime | None = None, users: bool = False
    ) -> int:
        with self.world.database.transaction() as session:
            made = invitations.invite(session, person.id, by=by.id if by else None, at=at or clock.now(), users=users)
        return made.number

    def accept(self, number: int, phone: WeChatIdentity, *, at: datetime | None = None) -> Outcome:
        with self.world.database.transaction() as session:
            return invitations.accept(session, number, identity_id=phone.id, at=at or clock.now())

    def asked(self, number: int, phone: WeChatIdentity) -> invitations.Invited | None:
        with self.world.database.reading() as session:
            return invitations.open_to(session, number, identity_id=phone.id, at=clock.now())

    def scan(self, scene: str, openid: str) -> str:
        with self.world.database.transaction() as session:
            return invitations.scanned(session, scene, appid=APPID, openid=openid, keys=(KEY,), at=clock.now())

    def scene(self, number: int) -> str:
        scene = invitations.SCENE + LINKS.invitation_token(number)
        assert len(scene) <= 64
        return scene

    def newcomer(self, openid: str, appid: str = APPID) -> WeChatIdentity:
        with self.world.database.transaction() as session:
            identity = WeChatIdentity(appid=appid, openid=openid, first_seen_at=clock.now())
            session.add(identity)
        return identity

    def keep_code(self, number: int) -> None:
        with self.world.database.transaction() as session:
            made = session.scalars(select(BindInvitation).where(BindInvitation.number == number)).one()
            invitations.keep_code(session, made.id, "http://q/x", at=clock.now())

    def codes(self) -> list[str]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(BindInvitation.code).order_by(BindInvitation.id)))

    def person_of(self, identity: WeChatIdentity) -> int | None:
        return self.person_of_openid(identity.openid)

    def person_of_openid(self, openid: str) -> int | None:
        with self.world.database.reading() as session:
            return session.scalar(select(WeChatIdentity.person_id).where(WeChatIdentity.openid == openid))

    def rate(self, ticket_id: int, phone: WeChatIdentity) -> None:
        at = clock.now()
        with self.world.database.transaction() as session:
            scan = load(session, ticket_id, identity_id=phone.id, at=at)
            rating.rate(session, scan, level=4, identity_id=phone.id, trust_all=False, source="scan", at=at)

    def counted(self) -> int:
        with self.world.database.reading() as session:
            return session.scalar(select(func.count()).select_from(CountedRating)) or 0


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)
