"""`flask draw`: the group, the options its commands share, and how they answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session
from tqdm import tqdm

from app.cli import errors
from app.cli.i18n import _
from app.errors import Refused
from app.services.organisation import employment
from app.texts.refusals import TEXTS

draw = AppGroup("draw")
by_option = click.option("--by", required=True, metavar="STAFF_NUMBER", help=_("经办人的工号。"))
round_option = click.option(
    "--round", "draw_round", type=click.IntRange(1, 2), default=1, show_default=True, help=_("轮次。")
)
json_option = click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))


def person(session: Session, staff_number: str) -> int:
    found = employment.by_staff_number(session, staff_number)
    if found is None:
        raise click.ClickException(_("没有工号 %(number)s。", number=staff_number.strip()))
    return found.id


@contextmanager
def refusals() -> Iterator[None]:
    """A refusal as a sentence, and exit status 1."""
    try:
        yield
    except Refused as refused:
        raise click.ClickException(_(TEXTS[refused.code][1], **refused.facts)) from refused
    except errors.DATABASE as error:
        raise click.ClickException(errors.database(error)) from error


@contextmanager
def progress(unit: str) -> Iterator[Any]:
    with tqdm(unit=unit, unit_scale=True, mininterval=0.5, delay=1) as bar:
        yield bar.update


def report(data: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else words)
