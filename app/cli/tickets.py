"""`flask tickets`: import another system's log; the address behind a ticket's code."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy import select
from tqdm import tqdm

from app.cli import errors
from app.cli.i18n import _
from app.cli.import_report import Counts, Rejects, open_rejects
from app.http.context import runtime, transaction
from app.models import Ticket
from app.services import spelling
from app.services.imports.ticket_log import importer as imports
from app.services.imports.ticket_log import profile as profiles
from app.services.imports.ticket_log.node_reader import Node, NodeReader
from app.services.service_levels import due_moments
from app.services.tables.lines import Unreadable
from app.services.tables.reader import Table, open_table
from app.services.tables.records import Fault, Row

BATCH = 2_000

tickets = AppGroup("tickets")


@tickets.command(
    "import",
    help=_(
        "导入工单记录：CSV（可用 .gz，UTF-8 或 GB18030）或 XLSX，一行是工单的一个节点。"
        "读不懂的行写入退回文件，其余照常导入；重复导入不会增加节点。"
        "最后一行是 read=N imported=N unchanged=N rejected=N。"
        "退出码：0 读到了结尾，1 没有读到结尾，2 用法不对。"
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--profile", "name", default="default", show_default=True, help=_("config/profiles 中的格式名。"))
@click.option("--rejects", type=click.Path(path_type=Path), help=_("退回文件；默认是当前目录的 文件名.rejects.csv。"))
@click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))
def import_(file: Path, name: str, rejects: Path | None, as_json: bool) -> None:
    try:
        chosen = profiles.load(name)
    except profiles.BadProfile as refused:
        raise click.BadParameter(errors.words(refused), param_hint="--profile") from refused
    counts, broken = Counts(), None
    try:
        table = open_table(file)
        reader = NodeReader(chosen, table.header, runtime().settings.timezone, now=runtime().now())
    except Unreadable as refused:
        _stop(errors.words(refused))
    if reader.absent:
        click.echo(_("表头没有这些列，按缺失处理：%(columns)s", columns=", ".join(reader.absent)), err=True)
    gc.freeze()  # the program's own objects need not be gone through again with every batch
    with open_rejects(file, rejects) as rejected, tqdm(total=table.total, unit=_("行"), mininterval=0.5) as bar:
        try:
            for batch in _batches(table, reader):
                _take(batch, reader, chosen, counts, rejected)
                bar.update(len(batch))
        except (Unreadable, profiles.BadProfile) as refused:
            broken = errors.words(refused)
        except errors.DATABASE as error:
            broken = errors.database(error)
        bar.close()
        rejected.report(counts, as_json, error=broken)
    if broken:
        _stop(broken)


def _batches(table: Table, reader: NodeReader) -> Iterator[list[Row | Fault]]:
    """What was read before the file broke off is still a batch."""
    batch: list[Row | Fault] = []
    broken: Unreadable | None = None
    try:
        for row in table.rows(reader.columns):
            batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except Unreadable as error:
        broken = error
    if batch:
        yield batch
    if broken:
        raise broken


def _take(
    batch: list[Row | Fault], reader: NodeReader, chosen: profiles.Profile, counts: Counts, rejected: Rejects
) -> None:
    read = [row if isinstance(row, Fault) else reader.read(row) for row in batch]
    nodes = [one for one in read if isinstance(one, Node)]
    wrong = [one for one in read if isinstance(one, Fault)]
    with transaction() as session:
        outcome = imports.import_rows(session, nodes, chosen, at=runtime().now())
    wrong = sorted([*wrong, *outcome.faults], key=lambda fault: fault.line)
    rejected.add(wrong)
    counts.imported += outcome.imported
    counts.unchanged += outcome.unchanged
    counts.rejected += len(wrong)


@tickets.command("url", help=_("输出工单的扫码地址。"))
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def url(number: str, as_json: bool) -> None:
    number = spelling.number(number)
    with runtime().database.reading() as session:
        ticket_id = session.scalar(select(Ticket.id).where(Ticket.number == number))
    if ticket_id is None:
        _stop(_("没有编号为 %(number)s 的工单。", number=number))
    address = runtime().links.ticket_url(ticket_id)
    click.echo(json.dumps({"number": number, "url": address}) if as_json else address)


@tickets.command(
    "check",
    help=_("核对未完成工单存下的解决时限与计时规则算出的是否一致，不一致的逐一列出。退出码：0 一致，1 有不一致。"),
)
@click.option("--mend", is_flag=True, help=_("把不一致的改成算出的值。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def check(mend: bool, as_json: bool) -> None:
    zone = runtime().settings.timezone
    after: int | None = 0
    read = 0
    wrong: list[due_moments.Difference] = []
    with tqdm(unit=_("张"), mininterval=0.5) as bar:
        while after is not None:
            with transaction() as session:
                found = due_moments.prove(session, after=after, zone=zone)
                for difference in found.differences if mend else ():
                    due_moments.mend(session, difference, zone=zone)
            wrong += found.differences
            read += found.read
            bar.update(found.read)
            after = found.last
    if as_json:
        numbers = [difference.number for difference in wrong]
        click.echo(json.dumps({"read": read, "different": numbers, "mended": mend and bool(wrong)}))
    else:
        for one in wrong:
            stored, counted = (moment.astimezone(zone) if moment else None for moment in (one.stored, one.counted))
            click.echo(
                _("%(number)s：存的是 %(stored)s，算出 %(counted)s", number=one.number, stored=stored, counted=counted)
            )
        click.echo(f"read={read} different={len(wrong)}")
    if wrong and not mend:
        raise click.exceptions.Exit(1)


def _stop(text: str) -> NoReturn:
    raise click.ClickException(text)
