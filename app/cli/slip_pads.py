"""`flask qr pad`: numbers for blank slips, reserved and printed."""

import json
from pathlib import Path

import click
from tqdm import tqdm

from app import clock
from app.cli import faults
from app.cli.codes import codes
from app.cli.words import _
from app.services import slip_pads
from app.web.edge import runtime, transaction
from qr import sheet
from qr.matrix import TooLong
from qr.pdf import pdf


@codes.command(
    "pad",
    help=_(
        "留出新的号码，印成一本空白评价单。工程师扫单子上的码，把它连到工单。退出码：0 已写入，1 没有写入，2 用法不对。"
    ),
)
@click.option("--count", required=True, type=click.IntRange(1, slip_pads.MOST), help=_("印多少张。"))
@click.option("--layout", default="slip58", show_default=True, type=click.Choice(list(sheet.LAYOUTS)), help=_("版式。"))
@click.option("--back", is_flag=True, help=_("每张后面再印一页背面：五个方框，给没有手机的人勾选。"))
@click.option("--out", required=True, type=click.Path(path_type=Path), help=_("写入的文件：.pdf。"))
@click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))
def pad(count: int, layout: str, back: bool, out: Path, as_json: bool) -> None:
    chosen = sheet.LAYOUTS[layout]
    if back and chosen.cells > 1:
        raise click.BadParameter(_("一页多张的版式没有背面。"), param_hint="--back")
    if out.suffix.lower() != ".pdf":
        raise click.BadParameter(_("文件名应以 .pdf 结尾。"), param_hint="--out")
    try:
        with transaction() as session:
            reserved = slip_pads.reserve(session, count, by=None, at=clock.now())
        printed = slip_pads.pages(reserved, chosen, runtime().paper, backs=back)
        out.write_bytes(pdf(tqdm(printed, unit=_("页"), mininterval=0.5)))
    except faults.DATABASE as error:
        raise click.ClickException(faults.database(error)) from error
    except TooLong as error:
        raise click.ClickException(_("PUBLIC_URL 太长，印成的码扫不清。")) from error
    except OSError as error:
        raise click.ClickException(_("写不了文件 %(path)s：%(reason)s。", path=out, reason=error.strerror)) from error
    _tell(slip_pads.name(reserved.first), slip_pads.name(reserved.first + count - 1), out, as_json)


def _tell(first: str, last: str, out: Path, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"first": first, "last": last, "file": str(out)}, ensure_ascii=False))
    else:
        click.echo(_("已写入 %(first)s 到 %(last)s：%(path)s", first=first, last=last, path=out))
