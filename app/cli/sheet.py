"""`flask sheet`: the quarter's sheet: shown, frozen, signed; its base, and what a telephone system has counted."""

import csv
import re
import sys
from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.cli.answers import json_option, progress, refusals, report
from app.cli.i18n import _
from app.errors import Refused
from app.http.context import runtime, transaction
from app.jobs import sheets as job
from app.models import Person
from app.services.identity import console_sign_in, passwords
from app.services.indicators.quarters import Quarter
from app.services.organisation import employment
from app.services.sheets import agreeing, contracts, entries, freezing, pages
from app.services.sheets.entries import Typed, Value
from app.services.sheets.terms import Term
from app.texts.sheets import points, read_yuan
from app.texts.sheets import yuan as yuan_of

sheet = AppGroup("sheet")
contract_option = click.option("--contract", "number", help=_("合同编号；只有一份合同时可以不写。"))
by_option = click.option("--by", required=True, metavar="STAFF_NUMBER", help=_("经办人的工号。"))


@sheet.command("show", help=_("显示一个季度的考核表：先补齐时钟、重算草稿；已冻结的照冻结时显示。季度写作 2026Q4。"))
@click.argument("quarter")
@contract_option
@json_option
def show(quarter: str, number: str | None, as_json: bool) -> None:
    with refusals():
        term = _term(quarter, number)
        with progress(_("件")) as advance:
            job.count(runtime(), term, advance)
        with runtime().database.reading() as session:
            payload = pages.as_json(pages.load(session, term, for_provider=False))
    report(payload, as_json, _words(payload))


@sheet.command("freeze", help=_("冻结一个季度：季末加评价期之后。每个数字和后面的每一行都记下；更正是新的一版。"))
@click.argument("quarter")
@contract_option
@by_option
@click.option("--reason", default="", help=_("更正的原因（第二版起）。"))
@json_option
def freeze(quarter: str, number: str | None, by: str, reason: str, as_json: bool) -> None:
    with refusals():
        term = _term(quarter, number)
        with progress(_("件")) as advance:
            job.count(runtime(), term, advance)
        with transaction() as session:
            last = freezing.newest(session, term.contract.id, str(term.quarter))
            made = freezing.freeze(
                session,
                term,
                version=(last.version if last else 0) + 1,
                reason=reason,
                window=runtime().settings.rating_window,
                by=_supervisor(session, by),
                at=runtime().now(),
            )
    data = {"quarter": str(term.quarter), "version": made.version, "digest": made.digest}
    report(data, as_json, _("已冻结 %(quarter)s 第 %(version)s 版，指纹 %(digest)s。", **data))


@sheet.command("sign", help=_("签字：再输一次本人的控制台密码；--paper 登记纸质签字盖章，写明存放处。"))
@click.argument("quarter")
@contract_option
@by_option
@click.option("--note", required=True, help=_("意见。"))
@click.option("--paper", is_flag=True, help=_("登记服务商的纸质签字。"))
@click.option("--password-stdin", is_flag=True, help=_("从标准输入的第一行读取密码。"))
@json_option
def sign(
    quarter: str, number: str | None, by: str, note: str, paper: bool, password_stdin: bool, as_json: bool
) -> None:
    known, at = runtime(), runtime().now()
    with refusals():
        term = _term(quarter, number)
        if not paper:
            _check_password(by, password_stdin, at)
        with transaction() as session:
            person = _person(session, by)
            last = freezing.newest(session, term.contract.id, str(term.quarter))
            if last is None:
                raise Refused("not_frozen")
            side = _side(session, person.id, term, paper, at)
            way = "paper" if paper else "password"
            agreeing.sign(session, last.id, side, way=way, note=note, by=person.id, at=at, zone=known.settings.timezone)
    data = {"quarter": str(term.quarter), "version": last.version, "side": side}
    report(data, as_json, _("已签字：%(quarter)s 第 %(version)s 版，%(side)s。", **data))


@sheet.command("base", help=_("登记合同每季度的服务费，单位元，如 300000.00。"))
@click.argument("yuan")
@contract_option
@by_option
def base(yuan: str, number: str | None, by: str) -> None:
    with refusals():
        term = _term(str(Quarter.at(runtime().now().date())), number)
        fen = read_yuan(yuan)
        if fen is None:
            raise click.BadParameter(_("金额写作 300000.00。"))
        with transaction() as session:
            person = _supervisor(session, by)
            contracts.set_base(session, term.contract, fen, by=person, at=runtime().now(), channel="cli")
    click.echo(_("已登记：%(number)s 每季度 %(yuan)s 元。", number=term.contract.number, yuan=yuan_of(fen)))


@sheet.command("calls", help=_("导入电话系统的接通数：CSV，列为日期、呼入、接通（或 date、offered、answered）。"))
@click.argument("quarter")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@contract_option
@by_option
@json_option
def calls(quarter: str, file: Path, number: str | None, by: str, as_json: bool) -> None:
    with refusals():
        term = _term(quarter, number)
        offered, answered = _read_calls(file, term.quarter)
        name = f"{file.name} sha256 {sha256(file.read_bytes()).hexdigest()}"
        with transaction() as session:
            typed = Typed("R2", Value(num=answered, den=offered), evidence=name, source=file.name)
            entries.enter(session, term, typed, by=_supervisor(session, by), at=runtime().now())
    data = {"offered": offered, "answered": answered}
    report(data, as_json, _("已导入：呼入 %(offered)s，接通 %(answered)s。", **data))


def _read_calls(file: Path, quarter: Quarter) -> tuple[int, int]:
    """The sums of the days; a day twice, one of another quarter or more answered than offered is refused."""
    names = {"日期": "date", "呼入": "offered", "接通": "answered"}
    days: dict[date, tuple[int, int]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as rows:
            for line, row in enumerate(csv.DictReader(rows), start=2):
                known = {names.get(key, key): (value or "").strip() for key, value in row.items() if key}
                day, offered, answered = (
                    date.fromisoformat(known["date"]),
                    _count(known, "offered"),
                    _count(known, "answered"),
                )
                inside = quarter.first <= day <= quarter.last
                if day in days or not inside or answered > offered:
                    raise click.ClickException(_("第 %(line)s 行不对：%(day)s。", line=line, day=day))
                days[day] = offered, answered
    except (OSError, UnicodeDecodeError, KeyError, ValueError, csv.Error) as error:
        raise click.ClickException(_("读不了 %(path)s：%(reason)s。", path=file, reason=error)) from error
    if not days:
        raise click.ClickException(_("%(path)s 里没有一天。", path=file))
    return sum(offered for offered, _answered in days.values()), sum(answered for _offered, answered in days.values())


def _count(row: Mapping[str, str], name: str) -> int:
    if not re.fullmatch("[0-9]{1,7}", row[name]):
        raise ValueError(row[name])
    return int(row[name])


def _term(quarter: str, number: str | None) -> Term:
    zone, chosen = runtime().settings.timezone, Quarter.read(quarter)
    with runtime().database.reading() as session:
        if number:
            return pages.term(session, number, chosen, zone=zone)
        found = [Term(row.Contract, chosen, zone) for row in pages.contracts(session)]
    inside = [term for term in found if term.days]
    if not inside:
        raise click.ClickException(_("%(quarter)s 没有合同。合同在控制台“合同”里登记。", quarter=quarter))
    if len(inside) > 1:
        known = ", ".join(term.contract.number for term in inside)
        raise click.UsageError(_("用 --contract 写明是哪一份合同：%(known)s", known=known))
    return inside[0]


def _person(session: Session, staff_number: str) -> Person:
    found = employment.by_staff_number(session, staff_number)
    if found is None:
        raise click.ClickException(_("没有工号 %(number)s。", number=staff_number.strip()))
    return found


def _supervisor(session: Session, staff_number: str) -> int:
    person, day = _person(session, staff_number), runtime().now().date()
    roles = employment.roles_at(session, person.id, day)
    if not roles & {"supervisor", "admin"} or employment.employed_by_provider(session, person.id, day):
        raise Refused("not_a_supervisor")
    return person.id


def _side(session: Session, person_id: int, term: Term, paper: bool, at: datetime) -> str:
    if agreeing.may_sign_for_provider(session, person_id, term.contract.provider_id, at=at):
        return "provider"
    number = session.get_one(Person, person_id).staff_number
    _supervisor(session, number)
    return "provider" if paper else "hospital"


def _check_password(by: str, password_stdin: bool, at: datetime) -> None:
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else click.prompt(_("密码"), hide_input=True)
    with runtime().database.reading() as session:
        right = console_sign_in.attempt(session, by, at=at)
    if right is None or not passwords.check(right.password_hash, password):
        raise Refused("wrong_password")


def _words(payload: dict[str, Any]) -> str:
    if payload["total"] is None:
        return _("%(quarter)s：还没有可以计分的数字。", **payload)
    lines = [f"{line['code']}\t{line['name']['zh']}\t{points(line['points'])}" for line in payload["lines"]]
    return "\n".join([*lines, _("总分 %(total)s（%(state)s）", total=points(payload["total"]), state=payload["state"])])
