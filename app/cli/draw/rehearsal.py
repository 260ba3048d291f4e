"""A draw in the demo's hospital."""

import click

from app.cli.draw.group import draw, json_option, refusals, report
from app.cli.i18n import _
from app.demo import draw as demo
from app.http.context import runtime, transaction


@draw.command("demo", help=_("演示：在演示医院的评价里办一次抽奖，走到指定的一步。日期往前推算，号码是虚构的。"))
@click.option("--until", type=click.Choice(list(demo.STAGES)), default="redrawn", help=_("走到哪一步；默认走完。"))
@json_option
def demo_(until: str, as_json: bool) -> None:
    settings = runtime().settings
    if settings.env != "demo":
        raise click.ClickException(_("只有演示环境能这样做。"))
    with refusals(), transaction() as session:
        draw_id = demo.draw(
            session,
            until=until,
            tenant=settings.hospital_id,
            hospital=settings.hospital_name,
            zone=settings.timezone,
            at=runtime().now(),
        )
    data = {"draw_id": draw_id, "state": until}
    report(data, as_json, _("%(draw_id)s：%(state)s", **data))
