"""`flask assets` and `flask places`: what carries a label, from the hospital's own tables."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app import clock
from app.cli import errors
from app.cli.i18n import _
from app.cli.import_report import Counts, Rejects, open_rejects
from app.errors import Refused
from app.http.context import transaction
from app.services.imports import inventory
from app.services.imports.inventory import Item, ItemReader
from app.services.organisation.assets import Kind
from app.services.tables.reader import open_table
from app.services.tables.records import Fault

BATCH = 1_000

assets = AppGroup("assets")
places = AppGroup("places")


def _import_options(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))(command)
    command = click.option(
        "--rejects", type=click.Path(path_type=Path), help=_("退回文件；默认是当前目录的 文件名.rejects.csv。")
    )(command)
    return click.argument("file", type=click.Path(path_type=Path))(command)


@assets.command(
    "import",
    help=_(
        "导入设备：CSV 或 XLSX，按资产编号新增或更新。列：资产编号、名称、服务类别代码、房间代码、科室代码、停用；"
        "编号必须是文本，前导零会保留。没有的列不改，空的格子清空；停用写 是、停用 或 报废。"
        "最后一行是 read=N imported=N unchanged=N rejected=N。"
    ),
)
@_import_options
def import_assets(file: Path, rejects: Path | None, as_json: bool) -> None:
    _import("asset", file, rejects, as_json)


@places.command(
    "import",
    help=_(
        "导入房间：CSV 或 XLSX，按房间代码新增或更新。列：房间代码、名称、科室代码、院区代码、楼、楼层、门牌；"
        "代码必须是文本。没有的列不改，空的格子清空。"
        "最后一行是 read=N imported=N unchanged=N rejected=N。"
    ),
)
@_import_options
def import_places(file: Path, rejects: Path | None, as_json: bool) -> None:
    _import("place", file, rejects, as_json)


def _import(kind: Kind, file: Path, rejects: Path | None, as_json: bool) -> None:
    """The whole file or nothing of it: a table that breaks off is refused before anything is written."""
    counts = Counts()
    try:
        table = open_table(file)
        reader = ItemReader(kind, table.header)
        rows = tqdm(table.rows(reader.columns), total=table.total, unit=_("行"), mininterval=0.5)
        read = [row if isinstance(row, Fault) else reader.read(row) for row in rows]
        with open_rejects(file, rejects) as rejected:
            _take(kind, reader, read, counts, rejected)
            rejected.report(counts, as_json)
    except Refused as refused:
        _stop(errors.words(refused))
    except errors.DATABASE as error:
        _stop(errors.database(error))


def _take(kind: Kind, reader: ItemReader, read: list[Item | Fault], counts: Counts, rejected: Rejects) -> None:
    wrong = [one for one in read if isinstance(one, Fault)]
    items = (one for one in read if isinstance(one, Item))
    with transaction() as session:
        while batch := list(islice(items, BATCH)):
            outcome = inventory.import_rows(session, kind, reader, batch, at=clock.now())
            wrong += outcome.faults
            counts.imported += outcome.imported
            counts.unchanged += outcome.unchanged
    counts.rejected = len(wrong)
    rejected.add(sorted(wrong, key=lambda fault: fault.line))


def _stop(text: str) -> NoReturn:
    raise click.ClickException(text)
