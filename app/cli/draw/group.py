"""`flask draw`: the group, and the options its commands share."""

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app.cli.answers import json_option, progress, refusals, report
from app.cli.i18n import _
from app.services.organisation import employment

__all__ = ["by_option", "draw", "json_option", "person", "progress", "refusals", "report", "round_option"]

draw = AppGroup("draw")
by_option = click.option("--by", required=True, metavar="STAFF_NUMBER", help=_("经办人的工号。"))
round_option = click.option(
    "--round", "draw_round", type=click.IntRange(1, 2), default=1, show_default=True, help=_("轮次。")
)


def person(session: Session, staff_number: str) -> int:
    found = employment.by_staff_number(session, staff_number)
    if found is None:
        raise click.ClickException(_("没有工号 %(number)s。", number=staff_number.strip()))
    return found.id
