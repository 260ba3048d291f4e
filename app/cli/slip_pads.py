"""`flask qr pad`: numbers for blank slips, reserved and printed."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from tqdm import tqdm

from app import clock
from app.cli import errors
from app.cli.i18n import _
from app.cli.qr import as_fields, qr, show_notes, tell_hotline
from app.http.context import paper, read_session, transaction
from app.models import SlipPad
from app.services.codes import slip_pads
from qr import sheet
from qr.card import Note
from qr.matrix import TooLong
from qr.pdf import pdf
from qr.sheet import Layout


@qr.command(
    "pad",
    help=_(
        "留出新的号码，印成一本空白评价单，或把印过的一本再印一次。工程师扫单子上的码，把它连到工单。"
        "退出码：0 已写入，1 没有写入，2 用法不对。"
    ),
)
@click.option("--count", type=click.IntRange(1, slip_pads.MOST), help=_("印多少张新的。"))
@click.option("--again", metavar="B-000001", help=_("不预留新号码，重印从这个号码开始的一本。"))
@click.option("--layout", default="slip58", show_default=True, type=click.Choice(list(sheet.LAYOUTS)), help=_("版式。"))
@click.option("--back", is_flag=True, help=_("每张后面再印一页背面：五个方框，给没有手机的人勾选。"))
@click.option("--out", required=True, type=click.Path(path_type=Path), help=_("写入的文件：.pdf。"))
@click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))
def pad(count: int | None, again: str | None, layout: str, back: bool, out: Path, as_json: bool) -> None:
    if (count is None) == (again is None):
        raise click.UsageError(_("--count 和 --again 写一个。"))
    chosen, first = sheet.LAYOUTS[layout], slip_pads.read_name(again or "")
    if again is not None and first is None:
        raise click.BadParameter(_("应为号码，例如 B-000001。"), param_hint="--again")
    if back and chosen.cells > 1:
        raise click.BadParameter(_("一页多张的版式没有背面。"), param_hint="--back")
    if out.suffix.lower() != ".pdf":
        raise click.BadParameter(_("文件名应以 .pdf 结尾。"), param_hint="--out")
    try:
        notes = slip_pads.notes(chosen, paper())
        printed = _write(out, chosen, count=count, first=first, back=back)
    except errors.DATABASE as error:
        raise click.ClickException(errors.database(error)) from error
    except TooLong as error:
        raise click.ClickException(_("PUBLIC_URL 太长，印成的码扫不清。")) from error
    except OSError as error:
        raise click.ClickException(_("写不了文件 %(path)s：%(reason)s。", path=out, reason=error.strerror)) from error
    _report(printed, out, notes, as_json)


def _write(out: Path, layout: Layout, *, count: int | None, first: int | None, back: bool) -> SlipPad:
    """The file is opened before a number is taken; what stands in it goes when there is something to print."""
    found = None
    if first is not None:
        with read_session() as session:
            found = slip_pads.beginning(session, first)
        if found is None:
            raise click.ClickException(_("没有从 %(first)s 开始的本子。", first=slip_pads.name(first)))
    with out.open("ab") as file:
        if found is None:
            with transaction() as session:
                found = slip_pads.reserve(session, count or 0, by=None, at=clock.now())
        pages = slip_pads.pages(found, layout, paper(), backs=back)
        data = pdf(tqdm(pages, unit=_("页"), mininterval=0.5))
        file.truncate(0)
        file.write(data)
    return found


def _report(pad: SlipPad, out: Path, notes: Sequence[Note], as_json: bool) -> None:
    first, last = slip_pads.name(pad.first), slip_pads.name(pad.first + pad.count - 1)
    tell_hotline()
    if as_json:
        data = {"first": first, "last": last, "file": str(out), "replaced": as_fields(notes)}
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    show_notes(notes)
    click.echo(_("已写入 %(first)s 到 %(last)s：%(path)s", first=first, last=last, path=out))
