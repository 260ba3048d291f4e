"""`flask ratings recount`: the days that were counted once are counted again, and have to be the same."""

import json
import sys
from datetime import date

import click
from flask.cli import AppGroup
from tqdm import tqdm

from app.cli import errors
from app.cli.i18n import _
from app.http.context import read_session, runtime, transaction
from app.services.rollups import daily, recount

ratings = AppGroup("ratings")


@ratings.command(
    "recount",
    help=_(
        "把已经按天记下的评价数逐天重算，和记下的核对；不一样的日子列出来，退出码 1。"
        "加 --yes 按评价重新记下。worker 每天自己核对最近一百天。"
    ),
)
@click.option("--yes", is_flag=True, help=_("不一样的日子按评价重新记下。"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON。"))
def recount_(yes: bool, as_json: bool) -> None:
    try:
        counted, wrong = _compare()
        if yes:
            for day in wrong:
                with transaction() as session:
                    daily.write_day(session, day, runtime().settings.timezone)
    except errors.DATABASE as error:
        click.echo(errors.database(error), err=True)
        raise SystemExit(1) from error
    days = [day.isoformat() for day in wrong]
    if as_json:
        click.echo(json.dumps({"days": counted, "wrong": days, "mended": yes}))
    else:
        click.echo("\n".join([*days, _("核对了 %(days)s 天，%(wrong)s 天不一样。", days=counted, wrong=len(days))]))
    if wrong and not yes:
        raise SystemExit(1)


def _compare() -> tuple[int, list[date]]:
    with read_session() as session:
        days = recount.days(session)
        compared = tqdm(recount.wrong(session, days), total=len(days), unit=_("天"), mininterval=0.5, file=sys.stderr)
        return len(days), [day for day, differs in compared if differs]
