"""`flask people`: import the hospital's roster; make the first admin."""

import sys
from datetime import date
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session
from tqdm import tqdm

from app.cli import errors
from app.cli.answers import json_option, progress, report
from app.cli.i18n import _
from app.cli.import_report import Counts, open_rejects
from app.errors import Refused
from app.http.context import read_session, runtime, transaction
from app.services.identity import first_admin
from app.services.imports.roster.plan import Plan, apply, compare, find_leavers, refuse_upheaval
from app.services.imports.roster.row_reader import Member, MemberReader
from app.services.organisation.spellings import misspelt
from app.services.tables.reader import open_table
from app.services.tables.records import Fault

SHOWN = 20

people = AppGroup("people")


@people.command(
    "import",
    help=_(
        "导入花名册：CSV 或 XLSX，按工号新增或更新。列：工号、姓名、电话、人员类别、企业微信账号、"
        "科室代码（或服务商代码）、科室名称、班组、岗位、角色、起始日期、截止日期；工号必须是文本，前导零会保留。"
        "调动时旧岗位截止到新岗位起始的前一天。"
        "科室、服务商、班组、岗位的代码不在系统中时该行退回，加 --create 则自动建立。"
        "电话、人员类别、企业微信账号、角色留空表示不改；账号已绑定别人的行退回，不会换绑。"
        "最后一行是 read=N imported=N unchanged=N rejected=N。"
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--full", is_flag=True, help=_("文件是全院花名册：列出新进、调动、离职人员，名册上没有的人按离职处理。"))
@click.option("--yes", is_flag=True, help=_("离职和调动超过在岗人数的 10% 时仍然导入。"))
@click.option("--create", is_flag=True, help=_("自动建立系统中没有的科室、服务商、班组、岗位。"))
@click.option("--rejects", type=click.Path(path_type=Path), help=_("退回文件；默认是当前目录的 文件名.rejects.csv。"))
@click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))
def import_(file: Path, full: bool, yes: bool, create: bool, rejects: Path | None, as_json: bool) -> None:
    now = runtime().now()
    today, wecom = now.date(), runtime().settings.wecom
    try:
        members, wrong, reader = _read(file)
        if reader.names_accounts and wecom is None:
            click.echo(_("没有设置企业微信（WECOM_CORPID），企业微信账号一列没有用上。"), err=True)
        with open_rejects(file, rejects) as rejected:
            with transaction() as session:
                corpid = wecom.corpid if wecom else ""
                plan = compare(session, members, today=today, create=create, corpid=corpid)
                rejected.add(sorted([*wrong, *plan.faults], key=lambda fault: fault.line))
                if full:
                    _look_for_leavers(session, plan, reader, today)
                    _show(plan, as_json)
                    if not yes:
                        refuse_upheaval(plan)
                apply(session, plan, at=now)
            counts = Counts(imported=len(plan.changes), unchanged=plan.unchanged, rejected=rejected.count)
            rejected.report(counts, as_json, **(_summary(plan) if full else {}))
    except Refused as refused:
        _stop(errors.words(refused))
    except errors.DATABASE as error:
        _stop(errors.database(error))


def _read(file: Path) -> tuple[list[Member], list[Fault], MemberReader]:
    """A roster is taken whole or not at all, so a file that breaks off is refused here."""
    table = open_table(file)
    reader = MemberReader(table.header)
    rows = tqdm(table.rows(reader.columns), total=table.total, unit=_("行"), mininterval=0.5)
    read = [reader.read(row) for row in rows]
    members = [one for one in read if isinstance(one, Member)]
    return members, [one for one in read if isinstance(one, Fault)], reader


def _look_for_leavers(session: Session, plan: Plan, reader: MemberReader, today: date) -> None:
    if count := find_leavers(session, plan, reader, today=today):
        click.echo(_("有 %(count)s 行被退回，不知道写的是谁，这次不处理离职人员。", count=count), err=True)


def _summary(plan: Plan) -> dict[str, object]:
    return {
        "joiners": [change.member.staff_number for change in plan.joiners],
        "movers": [change.member.staff_number for change in plan.movers],
        "leavers": [person.staff_number for person, _employment in plan.leavers],
    }


def _show(plan: Plan, as_json: bool) -> None:
    """Who comes, moves and goes, before anything is written."""
    groups = {
        _("新进"): [(change.member.staff_number, change.member.name) for change in plan.joiners],
        _("调动"): [(change.member.staff_number, change.member.name) for change in plan.movers],
        _("离职"): [(person.staff_number, person.name) for person, _employment in plan.leavers],
    }
    for title, group in groups.items():
        click.echo(_("%(title)s %(count)s 人", title=title, count=len(group)), err=as_json)
        for staff_number, name in group[:SHOWN]:
            click.echo(f"  {staff_number} {name}", err=as_json)
        if len(group) > SHOWN:
            click.echo(_("  ……另有 %(count)s 人", count=len(group) - SHOWN), err=as_json)


@people.command("create-admin", help=_("建立管理员并设置控制台密码（至少 12 个字符，输入两次）。"))
@click.argument("staff_number")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help=_("从标准输入的第一行读取密码。"))
def create_admin(staff_number: str, name: str, password_stdin: bool) -> None:
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt(_("密码"), hide_input=True, confirmation_prompt=_("再输入一次"))
    try:
        with transaction() as session:
            person = first_admin.create(session, staff_number, name, password, at=runtime().now())
    except Refused as refused:
        _stop(errors.words(refused))
    except errors.DATABASE as error:
        _stop(errors.database(error))
    click.echo(_("已建立管理员 %(name)s（%(staff_number)s）。", name=person.name, staff_number=person.staff_number))


@people.command(
    "spellings",
    help=_(
        "列出写法不规范（全角、不可见字符）、又因为规范写法已有人或工单使用而没有改的工号和工单号：按这样的号查不到。"
        "升级时能改的都已改好；有列出的，退出码是 1。"
    ),
)
@json_option
def spellings_(as_json: bool) -> None:
    with read_session() as session, progress(_("行")) as advance:
        found = list(misspelt(session, advance))
    names = {"person": _("人员"), "ticket": _("工单")}
    lines = [f"{names[one.what]} {one.id} {one.number!a} → {one.plain}" for one in found]
    report(
        {"misspelt": [vars(one) for one in found]}, as_json, "\n".join([*lines, _("%(count)s 个", count=len(found))])
    )
    sys.exit(1 if found else 0)


def _stop(text: str) -> NoReturn:
    raise click.ClickException(text)
