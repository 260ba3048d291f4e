"""`flask people export | erase | retention`."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import ErasureRequest, Person, RoleGrant, WeChatIdentity
from app.services.privacy import erasure
from tests.privacy.life import COMMENT, WORDS, found, leave, live
from tests.privacy.test_retention import live_long_ago
from tests.support.world import World


def test_an_export_is_read_by_people_and_by_programs(app: Flask, world: World) -> None:
    live(world, world.nurse, world.nurse_identity)
    told, json_told = run(app, "export", "00017"), run(app, "export", "00017", "--json")
    assert (told.exit_code, json_told.exit_code) == (0, 0)
    assert "评价 1" in told.output
    assert COMMENT in told.output
    kept = json.loads(json_told.output)["kept"]
    assert kept["ratings"][0]["comment"] == COMMENT
    assert world.nurse_identity.openid not in told.output + json_told.output


def test_an_export_goes_into_a_file_that_only_its_owner_reads(app: Flask, world: World, tmp_path: Path) -> None:
    live(world, world.nurse, world.nurse_identity)
    file = tmp_path / "00017.json"
    told = run(app, "export", "00017", "--out", str(file))
    assert json.loads(file.read_text("utf-8"))["kept"]["person"][0]["name"] == "王丽"
    assert file.stat().st_mode & 0o077 == 0
    assert COMMENT not in told.output
    assert run(app, "export", "00017", "--out", str(tmp_path / "no" / "where.json")).exit_code == 1


@pytest.mark.parametrize("command", ["export", "erase"])
def test_a_number_nobody_has_is_refused(command: str, app: Flask, world: World) -> None:
    told = run(app, command, "99999")
    assert (told.exit_code, "没有这个人" in told.stderr) == (1, True)


def test_nothing_is_erased_before_it_is_confirmed(app: Flask, world: World, database: Database) -> None:
    live(world, world.nurse, world.nurse_identity)
    told = run(app, "erase", "00017")
    assert told.exit_code == 1
    assert "在职：只删微信信息和本人写的文字" in told.output
    assert "评价 1" in told.output
    assert all(found(database, *WORDS).values())


def test_confirmed_it_is_done_as_far_as_it_goes(app: Flask, world: World, database: Database) -> None:
    live(world, world.nurse, world.nurse_identity)
    assert json.loads(run(app, "erase", "00017", "--yes", "--json").output) == {"extent": "wechat", "erased": True}
    assert not any(found(database, *WORDS).values())
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    told = run(app, "erase", "00017", "--yes")
    assert (told.exit_code, "不在职" in told.output) == (0, True)
    assert run(app, "erase", "00017", "--yes").exit_code == 1  # nobody has that number any more
    with database.reading() as session:
        assert session.get_one(Person, world.nurse.id).name == "已删除"


def test_requests_are_listed_and_carried_out_by_number(app: Flask, world: World, database: Database) -> None:
    for phone in (world.nurse_identity, world.stranger_identity):
        with database.transaction() as session:
            erasure.ask(session, phone.id, at=clock.now())
    listed = [json.loads(line) for line in run(app, "erase", "--json").output.splitlines()]
    assert [one["staff_number"] for one in listed] == ["00017", ""]
    assert "00017" in run(app, "erase").output
    number = str(listed[1]["request"])
    assert run(app, "erase", "--request", number).exit_code == 1
    assert run(app, "erase", "--request", number, "--yes").exit_code == 0
    assert run(app, "erase", "--request", number, "--yes").exit_code == 1
    with database.reading() as session:
        assert session.get_one(WeChatIdentity, world.stranger_identity.id).forgotten_at is not None
        assert session.get_one(WeChatIdentity, world.nurse_identity.id).forgotten_at is None
        assert session.scalars(select(ErasureRequest.state).order_by(ErasureRequest.id)).all() == ["waiting", "done"]


def test_the_last_admin_is_refused_with_the_reason(app: Flask, world: World, database: Database) -> None:
    leave(world, world.admin, on=clock.now() - timedelta(days=1))
    told = run(app, "erase", "00043", "--yes")
    assert (told.exit_code, "最后一位管理员" in told.stderr) == (1, True)
    with database.reading() as session:
        assert session.get(RoleGrant, (world.admin.id, "admin")) is not None


def test_a_number_and_a_request_together_are_no_question(app: Flask, world: World) -> None:
    assert run(app, "erase", "00017", "--request", "1").exit_code == 2


def test_what_would_go_is_counted_before_it_goes(app: Flask, world: World) -> None:
    live_long_ago(world, clock.now())
    counted = json.loads(run(app, "retention", "--dry-run", "--json").output)
    assert counted == json.loads(run(app, "retention", "--dry-run", "--json").output)
    assert [kind for kind, count in counted.items() if not count] == []
    told = run(app, "retention")
    assert told.exit_code == 0
    assert "comments=1" in told.output
    assert set(json.loads(run(app, "retention", "--json").output).values()) == {0}


def run(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=["people", *args])
