"""The first admin comes from the command line; the password is kept as a hash only."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.db import Database
from app.models import Credential, Person, RoleGrant
from app.services.identity import passwords
from tests.support.world import World

GOOD = "correct horse battery"


def test_a_new_admin_can_sign_in_with_the_password_and_no_other(app: Flask, database: Database) -> None:
    result = create_admin(app, "00001", "孙静", GOOD)
    assert result.exit_code == 0
    with database.reading() as session:
        person = session.scalars(select(Person)).one()
        kept = session.scalars(select(Credential)).one()
        assert session.scalars(select(RoleGrant.role)).all() == ["admin"]
    assert (person.staff_number, person.name, kept.person_id) == ("00001", "孙静", person.id)
    assert kept.password_hash.startswith("$argon2id$")
    assert GOOD not in kept.password_hash + result.output
    assert passwords.check(kept.password_hash, GOOD)
    assert not passwords.check(kept.password_hash, GOOD + " ")


def test_doing_it_again_sets_a_new_password(app: Flask, database: Database) -> None:
    create_admin(app, "00001", "孙静", GOOD)
    assert create_admin(app, "00001", "孙静", GOOD * 2).exit_code == 0
    with database.reading() as session:
        assert passwords.check(session.scalars(select(Credential)).one().password_hash, GOOD * 2)


def test_the_password_is_asked_for_twice(app: Flask, database: Database) -> None:
    runner, args = app.test_cli_runner(), ["people", "create-admin", "00001", "孙静"]
    result = runner.invoke(args=args, input=f"{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0
    assert GOOD not in result.output
    assert runner.invoke(args=args, input=f"{GOOD}\nanother one entirely\n").exit_code != 0
    with database.reading() as session:
        assert passwords.check(session.scalars(select(Credential)).one().password_hash, GOOD)


@pytest.mark.parametrize(
    ("staff_number", "name", "password", "reason"),
    [
        ("00001", "孙静", "eleven-long", "12"),
        ("00001", "孙静", "x" * 2000, "1024"),
        ("00017", "不是王丽", GOOD, "王丽"),
        ("00044", "冯洁", GOOD, "审计员"),
        ("servicenow:Caller 1", "Caller 1", GOOD, "servicenow:Caller 1"),
        ("00001", " ", GOOD, "姓名"),
        ("W0001", "周敏", GOOD, "服务商"),
    ],
)
def test_what_cannot_be_an_admin_is_refused_with_the_reason(
    staff_number: str, name: str, password: str, reason: str, app: Flask, world: World, database: Database
) -> None:
    result = create_admin(app, staff_number, name, password)
    assert result.exit_code == 1
    assert reason in result.stderr
    with database.reading() as session:
        assert session.scalars(select(Credential)).all() == []


def test_a_hash_that_cannot_be_read_fits_no_password() -> None:
    assert not passwords.check("not a hash", GOOD)
    assert not passwords.check(passwords.hash_password(GOOD), "x" * 2000)


def test_a_fresh_hash_needs_no_new_one(real_hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", real_hasher)
    assert not passwords.needs_rehash(passwords.hash_password(GOOD))
    assert passwords.needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$/wX0jRYqPV0n1MdBQj3ZyA")


def test_hashing_is_as_dear_as_the_library_advises(real_hasher: PasswordHasher) -> None:
    assert extract_parameters(real_hasher.hash(GOOD)) == RFC_9106_LOW_MEMORY


def create_admin(app: Flask, staff_number: str, name: str, password: str) -> Result:
    args = ["people", "create-admin", staff_number, name, "--password-stdin"]
    return app.test_cli_runner().invoke(args=args, input=password + "\n")
