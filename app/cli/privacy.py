"""`flask people export | erase | retention`: what is kept about people, and letting go of it."""

import json
from pathlib import Path
from threading import Event
from typing import NoReturn

import click

from app import clock
from app.cli import errors
from app.cli.i18n import _
from app.cli.people import people
from app.errors import Refused
from app.http.context import now, read_session, runtime, transaction
from app.http.words import lines
from app.jobs import retention as job
from app.services.privacy import erasure, personal_data, retention
from app.services.privacy.data.subject import Subject
from app.services.privacy.personal_data import Group
from app.texts.personal_data import GROUPS


@people.command("export", help=_("导出与一个人有关的全部信息，交给本人。默认给人看，--json 给程序，--out 写入文件。"))
@click.argument("staff_number")
@click.option("--out", type=click.Path(path_type=Path), help=_("写入的文件（JSON），只有自己可读。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def export(staff_number: str, out: Path | None, as_json: bool) -> None:
    try:
        with read_session() as session:
            found = personal_data.groups(session, Subject.of_staff_number(session, staff_number))
        if out is not None:
            _write(out, personal_data.as_json(found, at=clock.now(), indent=1))
    except Refused as refused:
        _stop(errors.words(refused))
    except OSError as error:
        _stop(_("写不了文件 %(path)s：%(reason)s。", path=out, reason=error.strerror))
    except errors.DATABASE as error:
        _stop(errors.database(error))
    if as_json:
        click.echo(personal_data.as_json(found, at=clock.now()))
        return
    for group in found:
        _show(group, rows=out is None)


@people.command(
    "erase",
    help=_(
        "删除与一个人有关的信息，按工号，或按本人的申请（--request）；都不写则列出等待处理的申请。"
        "不加 --yes 只说明会删除什么。在职人员只删微信信息和本人写的文字。"
    ),
)
@click.argument("staff_number", required=False)
@click.option("--request", "request_id", type=int, help=_("申请的编号。"))
@click.option("--yes", is_flag=True, help=_("确认删除；不能恢复。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def erase(staff_number: str | None, request_id: int | None, yes: bool, as_json: bool) -> None:
    if staff_number and request_id:
        raise click.UsageError(_("工号和申请编号只写一个。"))
    try:
        if not staff_number and not request_id:
            _list_waiting(as_json)
            return
        reach = _erase(staff_number or "", request_id or 0, yes, as_json)
    except Refused as refused:
        _stop(errors.words(refused))
    except errors.DATABASE as error:
        _stop(errors.database(error))
    if as_json:
        click.echo(json.dumps({"extent": reach, "erased": yes}))
    else:
        click.echo(_("已删除。") if yes else _("没有删除任何内容；确认后请加 --yes。"))
    if not yes:
        raise SystemExit(1)


def _list_waiting(as_json: bool) -> None:
    with read_session() as session:
        waiting = erasure.waiting(session, day=now().date())
    for one in waiting:
        number = one.person.staff_number if one.person else ""
        fact = {"request": one.request.id, "staff_number": number, "at": one.request.created_at.isoformat()}
        click.echo(json.dumps(fact) if as_json else " ".join(map(str, fact.values())))


def _erase(staff_number: str, request_id: int, yes: bool, as_json: bool) -> str:
    """Say how far it goes and what there is, then do it if that is wanted."""
    keys = runtime().settings.secret_keys
    with transaction() as session:
        if request_id:
            _request, subject = erasure.to_decide(session, request_id)
        else:
            subject = Subject.of_staff_number(session, staff_number)
        reach = erasure.extent(session, subject.person_id, now().date())
        counts = personal_data.counts(session, subject)
        if not as_json:
            click.echo(_REACH[reach])
            click.echo("  " + " · ".join(f"{_(GROUPS[code].title)} {count}" for code, count in counts.items()))
        if yes and request_id:
            erasure.carry_out(session, request_id, by=None, keys=keys, at=now())
        elif yes:
            erasure.erase(session, subject, by=None, keys=keys, at=now())
    return reach


@people.command("retention", help=_("按 RETENTION_… 的天数清理不再需要的内容；worker 每天夜里自己做一次。"))
@click.option("--dry-run", is_flag=True, help=_("只数一数会清理多少，不动任何内容。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def tidy(dry_run: bool, as_json: bool) -> None:
    at = now()
    try:
        if dry_run:
            with read_session() as session:
                rules = retention.rules(runtime().settings.retention, at=at)
                counts = {rule.name: retention.count(session, rule) for rule in rules}
        else:
            counts = job.tidy(runtime(), at=at, stopping=Event())
    except errors.DATABASE as error:
        _stop(errors.database(error))
    click.echo(json.dumps(counts) if as_json else " ".join(f"{name}={count}" for name, count in counts.items()))


_REACH = {
    erasure.WHOLE: _("不在职：姓名、工号、电话、角色、微信绑定、写过的文字全部删除；评价和节点只剩编号。"),
    erasure.WECHAT: _("在职：只删微信信息和本人写的文字；姓名、工号、电话、任职是医院的人事记录，离职后再删。"),
}


def _show(group: Group, *, rows: bool) -> None:
    click.echo(f"{_(GROUPS[group.code].title)} {group.count}")
    for row in group.rows if rows else ():
        click.echo("  " + " · ".join(f"{name} {value}" for name, value in lines(row)))


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _stop(text: str) -> NoReturn:
    raise click.ClickException(text)
