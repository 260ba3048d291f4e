"""Roles are given and taken on a person's page, by an admin, within the rules; each change is on record."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.models import Event, RoleGrant
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World


def test_an_admin_gives_and_takes_roles_on_record(console: Console, world: World) -> None:
    admin = console(world.admin)
    assert change(admin, world.doctor.id, ["supervisor"]) == 303
    assert granted(world, world.doctor.id) >= {"supervisor"}
    assert change(admin, world.doctor.id, [], reason="换岗") == 303
    assert "supervisor" not in granted(world, world.doctor.id)
    with world.database.reading() as session:
        told = session.scalars(select(Event.data).where(Event.kind == "roles_changed").order_by(Event.id)).all()
    assert ["supervisor" in one["roles"] for one in told[-2:]] == [True, False]


def test_the_same_again_is_no_change(console: Console, world: World) -> None:
    answer = send(console(world.admin), page(world.doctor.id), f"{page(world.doctor.id)}/roles", role=[])
    assert answer.status_code == 303
    with world.database.reading() as session:
        assert session.scalars(select(Event.id).where(Event.kind == "roles_changed")).all() == []


@pytest.mark.parametrize(
    ("who", "roles"), [("doctor", ["admin", "auditor"]), ("engineer", ["engineer", "supervisor"]), ("admin", [])]
)
def test_what_the_rules_forbid_is_refused(who: str, roles: list[str], console: Console, world: World) -> None:
    person = getattr(world, who)
    before = granted(world, person.id)
    assert change(console(world.admin), person.id, roles, reason="换岗") == 409
    assert granted(world, person.id) == before


def test_nobody_else_is_offered_it_or_may(console: Console, world: World) -> None:
    for one in (world.supervisor, world.auditor):
        visitor = console(one)
        assert not offers(visitor, page(world.doctor.id), f"{page(world.doctor.id)}/roles")
        token = console(world.admin).get(page(world.doctor.id)).text.split('name="csrf_token" value="')[1].split('"')[0]
        sent = visitor.post(f"{page(world.doctor.id)}/roles", data={"csrf_token": token, "role": "admin"})
        assert sent.status_code in {400, 403}
        assert "admin" not in granted(world, world.doctor.id)


def page(person_id: int) -> str:
    return f"/console/people/{person_id}"


def change(visitor: FlaskClient, person_id: int, roles: list[str], reason: str = "") -> int:
    return send(visitor, page(person_id), f"{page(person_id)}/roles", role=roles, reason=reason).status_code


def granted(world: World, person_id: int) -> set[str]:
    with world.database.reading() as session:
        return set(session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person_id)))
