"""How commands answer: in words or as one line of JSON, with progress, and a refusal as a sentence."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from tqdm import tqdm

from app.cli import errors
from app.cli.i18n import _
from app.errors import Refused
from app.texts.refusals import TEXTS

json_option = click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))


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
