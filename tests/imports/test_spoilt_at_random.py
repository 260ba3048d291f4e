"""Files spoilt at random, fed to each import: never a traceback, counts that add up, nobody absent who was rejected.

The check takes some; `make bench-imports` takes two thousand for each command.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from random import Random  # noqa: TID251 the same damage at every run

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import Employment, Person
from tests.imports.conftest import read_rejects
from tests.imports.spoil import Spoilt, spoilt
from tests.support.world import ZONE

MANY = int(os.environ.get("SPOILT", "150"))
FEW = 12
ROOMS = ["房间代码", "名称", "科室代码", "院区代码", "楼", "楼层", "门牌"]
THINGS = ["资产编号", "名称", "服务类别代码", "房间代码", "科室代码", "停用"]
LOG = ["工单编号", "时间", "状态", "报修人工号", "科室代码", "工程师工号", "班组", "服务类别", "优先级", "描述", "备注"]
ROSTER = ["工号", "姓名", "电话", "科室代码", "服务商代码", "角色", "起始日期", "备注"]
EVERYBODY = [[f"{n:05}", f"职工{n}", f"138000{n:05}", "N07", "", "", "2026-01-01", "备注"] for n in range(800, 830)]
STATES = ["报修", "已派工", "已接单", "已到场", "已完成"]
TABLES: dict[str, tuple[list[str], list[list[str]]]] = {
    "places": (ROOMS, [[f"N07-{n}", f"病房{n}", "N07", "main", "3号楼", str(n), f"70{n}"] for n in range(12)]),
    "assets": (THINGS, [[f"PRN-{n:04}", "激光打印机", "printer", "", "N07", "否"] for n in range(12)]),
    "tickets": (
        LOG,
        [
            [f"A-{n}", f"2026-03-01 08:{step}0", state, "00017", "N07", "W0003", "onsite", "printer", "高", text, ""]
            for n, text in enumerate(["卡纸", '"黑屏"\n还有一行\nA-9,2026-03-01 09:00,已完成', "没有网络，急", "蓝屏"])
            for step, state in enumerate(STATES)
        ],
    ),
}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Feed = Callable[[str, Spoilt], Result]


@pytest.mark.parametrize("group", ["tickets", "places", "assets"])
@pytest.mark.usefixtures("world")
def test_a_few_spoilt_tables_are_read_or_refused(group: str, feed: Feed) -> None:
    for seed in range(FEW):
        feed(group, spoilt(*TABLES[group], Random(seed)))


@pytest.mark.slow("hundreds of imports")
@pytest.mark.parametrize("group", ["tickets", "places", "assets"])
@pytest.mark.usefixtures("world")
@pytest.mark.timeout(3_600)
def test_spoilt_tables_are_read_or_refused(group: str, feed: Feed) -> None:
    for seed in range(MANY):
        feed(group, spoilt(*TABLES[group], Random(seed)))


@pytest.mark.slow("hundreds of imports")
@pytest.mark.timeout(3_600)
@pytest.mark.usefixtures("world")
def test_nobody_is_absent_who_was_rejected(feed: Feed, at_work: Callable[[], set[str]]) -> None:
    """Whoever can still be seen in a spoilt roster has not left, and who leaves is said."""
    whole = Spoilt("whole.csv", "\n".join(map(",".join, [ROSTER, *EVERYBODY])).encode(), "none")
    feed("people", whole)
    for seed in range(MANY):
        damaged = spoilt(ROSTER, EVERYBODY, Random(seed))
        done = feed("people", damaged)
        leavers = {*json.loads(done.stdout)["leavers"]} if done.exit_code == 0 else set()
        assert not numbers(damaged) & leavers, (seed, damaged.damage, done.output)
        assert {row[0] for row in EVERYBODY} - at_work() <= leavers, (seed, damaged.damage, done.output)
        if done.exit_code == 0:
            feed("people", whole)


def numbers(damaged: Spoilt) -> set[str]:
    """Every staff number that can still be seen in a file of text."""
    seen = re.findall(r"(?<![\w.-])\d{5}(?![\w.-])", damaged.content.decode("latin-1"))
    return set() if damaged.name == "table.xlsx" else set(seen)


@pytest.fixture
def at_work(database: Database) -> Callable[[], set[str]]:
    def look() -> set[str]:
        today = clock.now().astimezone(ZONE).date()
        query = select(Person.staff_number).join(Employment).where(Employment.in_force(today))
        with database.reading() as session:
            return {*session.scalars(query)}

    return look


@pytest.fixture
def feed(app: Flask, tmp_path: Path) -> Feed:
    def run(group: str, damaged: Spoilt) -> Result:
        path, rejects = tmp_path / damaged.name, tmp_path / "rejects.csv"
        path.write_bytes(damaged.content)
        rejects.unlink(missing_ok=True)
        options = ["--full", "--yes", "--json"] if group == "people" else ["--json"]
        done = app.test_cli_runner().invoke(args=[group, "import", str(path), "--rejects", str(rejects), *options])
        about = (damaged.damage, done.output)
        assert done.exception is None or isinstance(done.exception, SystemExit), about
        assert done.exit_code in {0, 1}, about
        assert "Traceback" not in done.output
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        assert len(lines) == (1 if done.exit_code == 0 or lines else 0), about
        for told in map(json.loads, lines):
            assert told["read"] == told["imported"] + told["unchanged"] + told["rejected"], about
            assert told["rejected"] == len(read_rejects(rejects)), about
            assert told["read"] or done.exit_code == 1, about
        return done

    return run
