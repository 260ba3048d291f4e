"""`flask qr`: slips, labels and posters as PDF or PNG."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app import clock
from app.cli import errors, print_selection
from app.cli.i18n import _
from app.http.context import paper, read_session, runtime
from app.jobs import mini_codes as mini_jobs
from app.services.codes import mini_codes, slips
from app.services.codes.slips import Paper
from app.services.organisation import assets
from app.services.organisation.assets import Kind
from qr import png, sheet
from qr.card import Card, Note, TooSmall
from qr.matrix import TooLong
from qr.pdf import pdf

KINDS = (".pdf", ".png")
MINI_SECONDS = 120.0

qr = AppGroup("qr")


def _paper_options(layout: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options that every command with paper has; the layout is its default one."""
    options = [
        click.option(
            "--layout", default=layout, show_default=True, type=click.Choice(list(sheet.LAYOUTS)), help=_("版式。")
        ),
        click.option("--grid", metavar="CxR", help=_("每页的列数和行数，例如 3x8。")),
        click.option("--start", default=1, show_default=True, type=click.IntRange(1), help=_("第一页从第几格开始。")),
        click.option("--cut-marks", is_flag=True, help=_("印裁切标记。")),
        click.option("--dpi", default=300, show_default=True, type=click.IntRange(100, 1200), help=_("PNG 的分辨率。")),
        click.option("--out", required=True, type=click.Path(path_type=Path), help=_("写入的文件：.pdf 或 .png。")),
        click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。")),
    ]

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@qr.command(
    "sheet",
    help=_(
        "打印工单的小票。--tickets 写工单编号（逗号分隔），或条件：department=代码、state=状态、"
        "from=、to=（按报修时间：写日期时 to 含当天，也可写到分钟，如 2026-11-22T08:00，to 到此刻以前），逗号分隔；"
        "all 是全部能评价的工单。"
        "退出码：0 已写入，1 没有写入，2 用法不对。"
    ),
)
@click.option("--tickets", "selection", required=True, help=_("编号或条件，例如 department=N07,from=2026-11-01。"))
@_paper_options("slip58")
def sheet_(selection: str, **how: Any) -> None:
    chosen = replace(print_selection.tickets(selection), rateable_since=clock.now() - runtime().settings.rating_window)
    press = _Press.to_file(**how)
    try:
        with read_session() as session:
            tickets, missing = slips.ids(session, chosen), slips.missing(session, chosen)
            late = slips.too_late(session, chosen)
        if late:
            click.echo(_("有 %(count)s 张的评价时间已过，没有印；要印请写工单编号。", count=late), err=True)
        if missing:
            _stop(_("没有这些工单，或不能评价，或不合条件：%(numbers)s。", numbers=", ".join(missing)))
        printed = _with_minis(tickets)
        with read_session() as session:
            press.run(slips.of_tickets(session, chosen, printed), len(tickets), _("没有符合条件的工单。"))
    except errors.DATABASE as error:
        _stop(errors.database(error))


def _with_minis(tickets: Sequence[int]) -> Paper:
    """What slips are printed with; WeChat is waited for, but not long and with nothing held."""
    known = runtime()
    if known.settings.mini is None or known.settings.slip_code == "link":
        return paper()
    mini_jobs.fetch(known, tickets, seconds=MINI_SECONDS)
    beside = known.settings.slip_code == "both"
    with read_session() as session:
        printed = mini_codes.on_paper(session, paper(), tickets, appid=known.settings.mini.appid, beside=beside)
    if lacking := len(tickets) - len(printed.minis):
        words = _("微信没有给出 %(count)s 张的小程序码，这些印的是链接码。", count=lacking)
        click.echo(words, err=True)
    return printed


@qr.command(
    "label",
    help=_(
        "打印标签：科室的长期评价码（--wards）、设备（--assets）或房间（--places）的报修码。"
        "设备和房间写编号（逗号分隔），或 department=科室代码，或 all；停用的设备不印。"
    ),
)
@click.option("--wards", help=_("科室代码，逗号分隔；all 是全部科室。三种都不写时是 all。"))
@click.option("--assets", "asset", help=_("设备编号或条件，例如 PRN-0032 或 department=N07。"))
@click.option("--places", "place", help=_("房间代码或条件。"))
@click.option("--copies", default=1, show_default=True, type=click.IntRange(1, 1000), help=_("每种几张。"))
@_paper_options("labels")
def label(wards: str | None, asset: str | None, place: str | None, copies: int, **how: Any) -> None:
    if sum(one is not None for one in (wards, asset, place)) > 1:
        raise click.UsageError(_("--wards、--assets、--places 只写一个。"))
    press = _Press.to_file(**how)
    if asset is not None:
        _labels("asset", asset, copies, press)
    elif place is not None:
        _labels("place", place, copies, press)
    else:
        _wards(wards or "all", copies, press)


def _labels(kind: Kind, typed: str, copies: int, press: "_Press") -> None:
    chosen = print_selection.assets(kind, typed)
    try:
        with read_session() as session:
            found = assets.find(session, kind, chosen, retired=False)
    except errors.DATABASE as error:
        _stop(errors.database(error))
    if missing := sorted(set(chosen.tags) - {one.tag for one in found}):
        _stop(_("没有这些编号，或已停用：%(tags)s。", tags=", ".join(missing)))
    cards = (card for card in map(paper().label, found) for _copy in range(copies))
    press.run(cards, len(found) * copies, _("没有可印的标签。"))


@qr.command("poster", help=_("打印科室长期评价码的台牌（a5）或海报（poster 是 A4，poster-a3）。"))
@click.option("--wards", default="all", show_default=True, help=_("科室代码，逗号分隔；all 是全部科室。"))
@_paper_options("a5")
def poster(wards: str, **how: Any) -> None:
    _wards(wards, 1, _Press.to_file(**how))


def _wards(wards: str, copies: int, press: "_Press") -> None:
    chosen = () if wards == "all" else tuple(code.strip() for code in wards.split(","))
    try:
        with read_session() as session:
            cards = slips.of_wards(session, chosen, paper())
    except errors.DATABASE as error:
        _stop(errors.database(error))
    if chosen and len(cards) < len(set(chosen)):
        _stop(_("有的科室代码不在系统中：%(codes)s。", codes=wards))
    press.run((card for card in cards for _copy in range(copies)), len(cards) * copies, _("没有科室。"))


@dataclass(frozen=True)
class _Press:
    layout: sheet.Layout
    start: int
    cut_marks: bool
    dpi: int
    out: Path
    as_json: bool

    @classmethod
    def to_file(cls, *, layout: str, grid: str | None, start: int, out: Path, **how: Any) -> "_Press":
        chosen = _gridded(sheet.LAYOUTS[layout], grid)
        if start > chosen.cells:
            raise click.BadParameter(_("每页只有 %(cells)s 格。", cells=chosen.cells), param_hint="--start")
        if out.suffix.lower() not in KINDS:
            raise click.BadParameter(_("文件名应以 .pdf 或 .png 结尾。"), param_hint="--out")
        return cls(layout=chosen, start=start, out=out, **how)

    def run(self, cards: Iterable[Card], count: int, nothing: str) -> None:
        """Print them, and say where it lies and what could not be printed as it is."""
        if not count:
            _stop(nothing)
        notes: dict[Note, None] = {}
        with tqdm(cards, total=count, unit=_("张"), mininterval=0.5) as bar:
            pages = sheet.pages(bar, self.layout, start=self.start, cut_marks=self.cut_marks)
            try:
                files = self._write(_noted(pages, notes))
            except (TooSmall, png.TooCoarse) as refused:
                words = _("格子太小，放不下评价码和文字；请减少列数或行数，或提高 --dpi。")
                raise click.BadParameter(words, param_hint="--grid") from refused
            except TooLong:
                _stop(_("PUBLIC_URL 太长，印成的码扫不清。"))
            except OSError as error:
                _stop(_("写不了文件 %(path)s：%(reason)s。", path=self.out, reason=error.strerror))
        self._report(count, files, list(notes))

    def _write(self, pages: Iterable[sheet.Page]) -> list[Path]:
        if self.out.suffix.lower() == ".pdf":
            self.out.write_bytes(pdf(pages))
            return [self.out]
        files = []
        for number, page in enumerate(pages, 1):
            files.append(self.out if number == 1 else self.out.with_stem(f"{self.out.stem}-{number}"))
            files[-1].write_bytes(png.png(page, dpi=self.dpi))
        return files

    def _report(self, count: int, files: list[Path], notes: list[Note]) -> None:
        tell_hotline()
        if self.as_json:
            data = {"cards": count, "files": list(map(str, files)), "replaced": as_fields(notes)}
            click.echo(json.dumps(data, ensure_ascii=False))
            return
        show_notes(notes)
        click.echo(_("已写入 %(count)s 张：%(files)s", count=count, files=", ".join(map(str, files))))


def as_fields(notes: Iterable[Note]) -> list[dict[str, str]]:
    return [{"text": note.text, "printed": note.printed} for note in notes]


def show_notes(notes: Iterable[Note]) -> None:
    """What could not be printed as it is."""
    for note in notes:
        click.echo(_("不能照原样印：%(text)s，印成 %(printed)s", text=note.text, printed=note.printed), err=True)


def tell_hotline() -> None:
    """That there is none, where there is none."""
    if not runtime().settings.hotline:
        click.echo(_("没有设置 HOTLINE，印出来没有监督热线。"), err=True)


def _noted(pages: Iterable[sheet.Page], notes: dict[Note, None]) -> Iterator[sheet.Page]:
    for page in pages:
        notes.update(dict.fromkeys(page.notes))
        yield page


def _gridded(layout: sheet.Layout, grid: str | None) -> sheet.Layout:
    if grid is None:
        return layout
    columns, _x, rows = grid.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and 1 <= int(columns) <= 20 and 1 <= int(rows) <= 40):
        raise click.BadParameter(_("应为 列x行，例如 3x8。"), param_hint="--grid")
    return layout.grid(int(columns), int(rows))


def _stop(text: str) -> NoReturn:
    raise click.ClickException(text)
