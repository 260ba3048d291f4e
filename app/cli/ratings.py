"""`flask ratings recount`: the days that were counted once are counted again, and have to be the same."""

import json
import sys
from collections.abc import Iterator
from datetime import date

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app.cli import errors
from app.cli.i18n import _
from app.http.context import read_session, runtime, transaction
from app.services.rollups import corridor, daily, recount

ratings = AppGroup("ratings")


@ratings.command(
    "recount",
    help=_(
        "把已经按天记下的评价数、客户走廊的数逐天重算，和记下的核对；不一样的日子列出来，退出码 1。"
        "加 --yes 按原始记录重新记下。worker 每天自己核对最近一百天。"
    ),
)
@click.option("--yes", is_flag=True, help=_("不一样的日子按评价重新记下。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def recount_(yes: bool, as_json: bool) -> None:
    try:
        counted, wrong, felt, quarters = _compare()
        if yes:
            _mend(wrong, felt, quarters)
    except errors.DATABASE as error:
        click.echo(errors.database(error), err=True)
        raise SystemExit(1) from error
    days = [day.isoformat() for day in sorted({*wrong, *felt, *quarters})]
    if as_json:
        click.echo(json.dumps({"days": counted, "wrong": days, "mended": yes}))
    else:
        click.echo("\n".join([*days, _("核对了 %(days)s 天，%(wrong)s 天不一样。", days=counted, wrong=len(days))]))
    if days and not yes:
        raise SystemExit(1)


def _compare() -> tuple[int, list[date], list[date], list[date]]:
    """How many days there are; those whose ratings, whose corridor, and the quarters whose sums differ."""
    with read_session() as session:
        days, felt, quarters = (
            recount.days(session),
            recount.corridor_days(session),
            recount.corridor_quarters(session),
        )
        return (
            len({*days, *felt}),
            _differing(recount.wrong(session, days), len(days)),
            _differing(recount.corridor_wrong(session, felt), len(felt)),
            _differing(recount.corridor_quarters_wrong(session, quarters), len(quarters)),
        )


def _differing(compared: Iterator[tuple[date, bool]], total: int) -> list[date]:
    shown = tqdm(compared, total=total, unit=_("天"), mininterval=0.5, file=sys.stderr)
    return [day for day, differs in shown if differs]


def _mend(wrong: list[date], felt: list[date], quarters: list[date]) -> None:
    zone = runtime().settings.timezone
    for day in wrong:
        with transaction() as session:
            daily.write_day(session, day, zone)
    for day in felt:
        with transaction() as session:
            corridor.write_days(session, [day], zone)
    for quarter in quarters:
        with transaction() as session:
            corridor.write_quarter(session, quarter)
