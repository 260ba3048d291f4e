"""The roster's column of WeCom accounts: who is known by it, and what it never takes from anybody."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.db import Database
from app.models import Person, WeChatIdentity
from sandbox.accounts import WECOM
from tests.support.world import World

HEADER = ["工号", "姓名", "科室代码", "企业微信账号"]
Import = Callable[..., Result]
Accounts = Callable[[], dict[str, str]]


def test_an_account_makes_a_person_known_to_wecom_once(people_import: Import, accounts: Accounts) -> None:
    assert "imported=1" in people_import(["00017", "王丽", "N07", "WangLi"]).stdout
    assert accounts() == {"wangli": "00017"}
    assert "unchanged=1" in people_import(["00017", "王丽", "N07", "wangli"]).stdout


def test_a_newcomer_brings_his_account(people_import: Import, accounts: Accounts) -> None:
    assert "imported=1" in people_import(["00500", "钱多", "N07", "qianduo"]).stdout
    assert accounts() == {"qianduo": "00500"}


def test_who_has_signed_in_before_is_known_by_the_row(
    people_import: Import, accounts: Accounts, member: Callable[..., None]
) -> None:
    member("wangli")
    people_import(["00017", "王丽", "N07", "wangli"])
    assert accounts() == {"wangli": "00017"}


def test_an_empty_column_changes_nothing(people_import: Import, accounts: Accounts) -> None:
    people_import(["00017", "王丽", "N07", "wangli"])
    assert "unchanged=1" in people_import(["00017", "王丽", "N07", ""]).stdout
    assert accounts() == {"wangli": "00017"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["00018", "陈静", "N07", "wangli"]], "没有绑定给别人"),
        ([["00017", "王丽", "N07", "wang2"]], "本人现在绑定的"),
        ([["00018", "陈静", "N07", "两个 字"]], "1 至 64 个"),
        ([["00500", "钱多", "N07", "qian"], ["00018", "陈静", "N07", "QIAN"]], "只给一个人"),
    ],
)
def test_what_is_bound_otherwise_stays_and_is_said(
    rows: list[list[str]], expected: str, people_import: Import, accounts: Accounts, tmp_path: Path
) -> None:
    people_import(["00017", "王丽", "N07", "wangli"])
    assert "rejected=1" in people_import(*rows).stdout
    assert expected in (tmp_path / "rejects.csv").read_text("utf-8-sig")
    assert accounts()["wangli"] == "00017"
    assert "00018" not in accounts().values()


@pytest.mark.parametrize("without_wecom", [True])
def test_without_wecom_the_column_is_said_to_be_of_no_use(people_import: Import, accounts: Accounts) -> None:
    done = people_import(["00500", "钱多", "N07", "qianduo"])
    assert "imported=1" in done.stdout
    assert "企业微信账号一列没有用上" in done.stderr
    assert accounts() == {}


@pytest.fixture
def without_wecom() -> bool:
    return False


@pytest.fixture
def environ(environ: dict[str, str], without_wecom: bool) -> dict[str, str]:
    known = {"WECOM_CORPID": WECOM.corpid, "WECOM_AGENTID": str(WECOM.agentid), "WECOM_SECRET": WECOM.secret}
    return environ if without_wecom else {**environ, **known}


@pytest.fixture
def people_import(app: Flask, world: World, tmp_path: Path) -> Import:
    def run(*rows: list[str]) -> Result:
        text = StringIO()
        csv.writer(text).writerows([HEADER, *rows])
        (tmp_path / "roster.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
        args = ["people", "import", str(tmp_path / "roster.csv"), "--rejects", str(tmp_path / "rejects.csv")]
        done = app.test_cli_runner().invoke(args=args)
        assert done.exit_code == 0, done.stderr
        return done

    return run


@pytest.fixture
def accounts(database: Database) -> Accounts:
    """User id and staff number of everybody WeCom's app knows."""

    def read() -> dict[str, str]:
        query = select(WeChatIdentity.openid, Person.staff_number).join(Person, Person.id == WeChatIdentity.person_id)
        with database.reading() as session:
            return dict(session.execute(query.where(WeChatIdentity.appid == WECOM.corpid)).all())

    return read


@pytest.fixture
def member(database: Database, world: World) -> Callable[..., None]:
    """Somebody of WeCom who is bound to nobody."""

    def come(user_id: str) -> None:
        with database.transaction() as session:
            seen = world.nurse_identity.first_seen_at
            session.add(WeChatIdentity(appid=WECOM.corpid, openid=user_id, first_seen_at=seen))

    return come
