"""`flask downtime`: forms for when the system is away, and taking them in afterwards."""

import csv
import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli import errors
from app.cli.i18n import _
from app.errors import Refused
from app.http.context import runtime, transaction
from app.services.codes import downtime_pack
from app.services.tickets import downtime as forms
from qr.pdf import pdf

downtime = AppGroup("downtime")


@downtime.command("pack", help=_("打印停机时用的登记表（PDF，A5，一页一张）。表号连续，不会重号；请先印好放在服务台。"))
@click.option("--count", type=click.IntRange(1, forms.MOST), default=50, show_default=True, help=_("多少张。"))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("downtime.pdf"), show_default=True, help=_("文件。")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def pack(count: int, out: Path, as_json: bool) -> None:
    try:
        with out.open("wb") as file:
            with transaction() as session:
                numbers = forms.reserve(session, count)
            file.write(pdf(downtime_pack.pages(numbers)))
    except OSError as error:
        raise click.ClickException(str(error)) from error
    except errors.DATABASE as error:
        raise click.ClickException(errors.database(error)) from error
    first, last = forms.name(numbers[0]), forms.name(numbers[-1])
    if as_json:
        click.echo(json.dumps({"first": first, "last": last, "file": str(out)}, ensure_ascii=False))
    else:
        click.echo(_("已写入 %(first)s 到 %(last)s：%(path)s", first=first, last=last, path=out))


@downtime.command(
    "enter",
    help=_(
        "补录登记表：UTF-8 的 CSV，一行一张，列：%(columns)s。时间写作 2026-11-30 08:15。"
        "每张表只能补录一次；退回的行说明原因，其余照常。退出码：0 全部补录，1 有退回。",
        columns="、".join(forms.COLUMNS.values()),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def enter(file: Path, as_json: bool) -> None:
    entered, refused = [], []
    zone = runtime().settings.timezone
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(str(error)) from error
    for row in rows:
        typed = {ours: row.get(theirs) or "" for ours, theirs in forms.COLUMNS.items()}
        try:
            with transaction() as session:
                form = forms.read(typed, zone=zone)
                entered.append(forms.enter(session, form, by=None, at=runtime().now(), zone=zone).number)
        except Refused as error:
            refused.append(f"{typed['number']}: {errors.words(error)}")
        except errors.DATABASE as error:
            raise click.ClickException(errors.database(error)) from error
    for line in refused:
        click.echo(line, err=True)
    counts = {"read": len(rows), "entered": len(entered), "rejected": len(refused)}
    click.echo(
        json.dumps({**counts, "tickets": entered}) if as_json else " ".join(f"{k}={v}" for k, v in counts.items())
    )
    if refused:
        raise click.exceptions.Exit(1)
