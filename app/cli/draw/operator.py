"""The operator's steps: announce, count, lock the list, work out the result. None of them can be done twice."""

import json
from pathlib import Path

import click

from app.cli.draw.group import by_option, draw, json_option, person, progress, refusals, report, round_option
from app.cli.i18n import _
from app.http.context import runtime, transaction
from app.jobs import draws as jobs
from app.services.draws import announcement
from app.services.draws.published_files import Fields


@draw.command(
    "announce",
    help=_(
        "公布一次抽奖，公布即锁定。文件是公告的 JSON，不写 scheme、key_commitment、operator_key；"
        "写法见 docs/lottery.md。不合规则时说明哪一条。"
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--committee", required=True, metavar="NUMBERS", help=_("监督小组的工号，用逗号隔开；不参加抽奖。"))
@by_option
@json_option
def announce(file: Path, committee: str, by: str, as_json: bool) -> None:
    fields = _read(file)
    settings = runtime().settings
    with refusals(), transaction() as session:
        members = [person(session, number) for number in committee.split(",")]
        made = announcement.announce(
            session,
            announcement.Draft(fields, members, rehearsed=settings.rehearsed),
            tenant=settings.hospital_id,
            zone=settings.timezone,
            by=person(session, by),
            at=runtime().now(),
        )
    data = {"draw_id": made.draw_id, "announcement_sha256": made.announcement_sha256}
    report(data, as_json, _("已公布 %(draw_id)s，announcement.json 的哈希 %(announcement_sha256)s", **data))


@draw.command("checkpoint", help=_("记下今天的人数、张数和名单的哈希；每天一次，后台会自动做。"))
@click.argument("draw_id")
@json_option
def checkpoint(draw_id: str, as_json: bool) -> None:
    with refusals(), progress(_("人")) as advance:
        made = jobs.take(runtime(), draw_id, "checkpoint", progress=advance)
    data = {"day": made.day.isoformat(), "entries": made.entries, "tickets": made.tickets, "root": made.root}
    report(data, as_json, _("%(day)s：%(entries)s 人 %(tickets)s 张，根 %(root)s", **data))


@draw.command("commit", help=_("锁定名单；有成立的异议时公布下一版。截止后后台会自动做。"))
@click.argument("draw_id")
@json_option
def commit(draw_id: str, as_json: bool) -> None:
    with refusals(), progress(_("人")) as advance:
        made = jobs.take(runtime(), draw_id, "commit", progress=advance)
    data = {key: made[key] for key in ("version", "entries", "tickets", "root", "leaves_sha256")}
    report(data, as_json, _("第 %(version)s 版名单：%(entries)s 人 %(tickets)s 张，根 %(root)s", **data))


@draw.command("run", help=_("号码齐了就出结果；结果由名单和号码推出，只写一次。后台也会自动做。"))
@click.argument("draw_id")
@round_option
@json_option
def run(draw_id: str, draw_round: int, as_json: bool) -> None:
    with refusals(), progress(_("人")) as advance:
        result = jobs.take(runtime(), draw_id, f"run_{draw_round}", progress=advance)
        jobs.take(runtime(), draw_id, f"name_{draw_round}", progress=advance)
    won = {tier["tier"]: [winner["entry"] for winner in tier["winners"]] for tier in result["tiers"]}
    lines = [f"{tier} {entry}" for tier, entries in won.items() for entry in entries]
    data = {"round": draw_round, "seed": result["seed"], "winners": won}
    report(data, as_json, "\n".join([_("种子 %(seed)s", seed=result["seed"]), *lines]))


def _read(file: Path) -> Fields:
    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(_("%(path)s 不是 UTF-8 的 JSON。", path=file)) from error
    if not isinstance(read, dict):
        raise click.ClickException(_("%(path)s 不是 UTF-8 的 JSON。", path=file))
    return read
