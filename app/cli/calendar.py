"""`flask calendar`: the days off and swapped work days of a year, shown and taken in."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli import errors
from app.cli.i18n import _
from app.errors import Refused
from app.http.context import runtime, transaction
from app.services.service_levels import calendars, days_off

LARGEST = 1_000_000  # bytes

calendar = AppGroup("calendar")


@calendar.command("show", help=_("显示一年的放假和调休。退出码：0 有安排，1 还没有公布。"))
@click.argument("year", type=click.IntRange(2000, 2100))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def show(year: int, as_json: bool) -> None:
    with runtime().database.reading() as session:
        known = calendars.hours(session, runtime().settings.timezone).years
    found = next((one for one in known if one.year == year), None)
    if as_json:
        off, work = (list(map(str, days)) for days in ((found.off, found.work) if found else ((), ())))
        click.echo(json.dumps({"year": year, "known": bool(found), "off": off, "work": work}))
    elif found:
        click.echo(found.notice)
        click.echo(_("放假：%(days)s", days=" ".join(map(str, found.off))))
        click.echo(_("调休上班：%(days)s", days=" ".join(map(str, found.work))))
    if not found:
        raise click.ClickException(_("%(year)s 年的放假安排还没有导入，按普通工作日计算（暂定）。", year=year))


@calendar.command(
    "import",
    help=_(
        "导入一年的放假和调休：holiday-cn 的 JSON（year、papers、days）。未完成工单的时限随即重算，已冻结的考核表不变。"
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def import_(file: Path, as_json: bool) -> None:
    try:
        with file.open("rb") as opened:
            days = days_off.read(opened.read(LARGEST))
        with transaction() as session:
            zone = runtime().settings.timezone
            fresh = days_off.take_in(session, days, zone=zone, by=None, at=runtime().now(), channel="cli")
    except OSError as error:
        raise click.ClickException(str(error)) from error
    except Refused as refused:
        raise click.ClickException(errors.words(refused)) from refused
    except errors.DATABASE as error:
        raise click.ClickException(errors.database(error)) from error
    if as_json:
        click.echo(json.dumps({"year": days.year, "imported": fresh, "off": len(days.off), "work": len(days.work)}))
    else:
        result = _("已导入") if fresh else _("没有变化")
        counted = {"year": days.year, "off": len(days.off), "work": len(days.work)}
        click.echo(_("%(year)s 年：放假 %(off)s 天，调休上班 %(work)s 天。", **counted) + result)
