"""`flask draw`: the steps of a provable draw. None of them can be done twice."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session
from tqdm import tqdm

from app import clock
from app.cli import errors
from app.cli.i18n import _
from app.demo import draw as demo
from app.errors import Refused
from app.http.context import runtime, transaction
from app.jobs import draws as jobs
from app.models import Draw
from app.services import images
from app.services.draws import announcement, auditor_export, bundle, claims, objections, public_numbers
from app.services.draws.published_files import Fields
from app.services.organisation import employment
from app.texts.refusals import TEXTS

draw = AppGroup("draw", help=_("可验证的抽奖：公布、锁定名单、录入公开号码、出结果、领奖。每一步只有一次。"))

_by = click.option("--by", required=True, metavar="STAFF_NUMBER", help=_("经办人的工号。"))
_round = click.option(
    "--round", "draw_round", type=click.IntRange(1, 2), default=1, show_default=True, help=_("轮次。")
)
_json = click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))


@draw.command(
    "announce",
    help=_(
        "公布一次抽奖，公布即锁定。文件是公告的 JSON，不写 scheme、key_commitment、operator_key；"
        "写法见 docs/lottery.md。不合规则时说明哪一条。"
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--committee", required=True, metavar="NUMBERS", help=_("监督小组的工号，用逗号隔开；不参加抽奖。"))
@_by
@_json
def announce(file: Path, committee: str, by: str, as_json: bool) -> None:
    draft = _read(file)
    settings = runtime().settings
    with _refusals(), transaction() as session:
        made = announcement.announce(
            session,
            draft,
            tenant=settings.hospital_id,
            zone=settings.timezone,
            committee=[_person(session, number) for number in committee.split(",")],
            by=_person(session, by),
            at=clock.now(),
            rehearsed=settings.rehearsed,
        )
    told = {"draw_id": made.draw_id, "announcement_sha256": made.announcement_sha256}
    _tell(told, as_json, _("已公布 %(draw_id)s，announcement.json 的哈希 %(announcement_sha256)s", **told))


@draw.command("checkpoint", help=_("记下今天的人数、张数和名单的哈希；每天一次，后台会自动做。"))
@click.argument("draw_id")
@_json
def checkpoint(draw_id: str, as_json: bool) -> None:
    with _refusals(), _progress(_("人")) as tell:
        made = jobs.take(runtime(), draw_id, "checkpoint", tell=tell)
    told = {"day": made.day.isoformat(), "entries": made.entries, "tickets": made.tickets, "root": made.root}
    _tell(told, as_json, _("%(day)s：%(entries)s 人 %(tickets)s 张，根 %(root)s", **told))


@draw.command("commit", help=_("锁定名单；有成立的异议时公布下一版。截止后后台会自动做。"))
@click.argument("draw_id")
@_json
def commit(draw_id: str, as_json: bool) -> None:
    with _refusals(), _progress(_("人")) as tell:
        made = jobs.take(runtime(), draw_id, "commit", tell=tell)
    told = {key: made[key] for key in ("version", "entries", "tickets", "root", "leaves_sha256")}
    _tell(told, as_json, _("第 %(version)s 版名单：%(entries)s 人 %(tickets)s 张，根 %(root)s", **told))


@draw.command(
    "object",
    help=_("提出异议：文件是本人回执的 JSON，名单里没有它或张数少了才受理。--decide 处理异议，成立的进下一版名单。"),
)
@click.argument("draw_id")
@click.argument("receipt", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--decide", "objection", type=int, metavar="ID", help=_("处理这条异议；与 --uphold 或 --refuse 同用。"))
@click.option("--uphold/--refuse", "upheld", default=None, help=_("成立，或不成立。"))
@click.option("--reason", default="", help=_("理由。"))
@_by
@_json
def object_(
    draw_id: str,
    receipt: Path | None,
    objection: int | None,
    upheld: bool | None,
    reason: str,
    by: str,
    as_json: bool,
) -> None:
    if (receipt is None) == (objection is None) or (objection is None) != (upheld is None):
        raise click.UsageError(_("给出回执文件，或者 --decide ID 加 --uphold 或 --refuse。"))
    with _refusals():
        verdict = _examined(draw_id, objection) if objection is not None else None
    with _refusals(), transaction() as session:
        found, person = announcement.find(session, draw_id), _person(session, by)
        if receipt:
            told = objections.read(receipt.read_text("utf-8", errors="replace"))
            objection = objections.object_(session, found, **told, by=person, at=clock.now())
        elif objection is not None:
            objections.decide(
                session,
                found,
                objection,
                upheld=bool(upheld),
                reason=reason,
                by=person,
                at=clock.now(),
                zone=runtime().settings.timezone,
                verdict=verdict,
            )
    state = "open" if receipt else "upheld" if upheld else "refused"
    told = {"objection": objection, "state": state}
    _tell(told, as_json, _("异议 %(objection)s：%(state)s", **told))


@draw.command(
    "numbers",
    help=_(
        "录入一个来源的公开号码。两个不同的人录得一样才算数；drand-quicknet 录签名，一人即可。"
        "期号不同于公告的，按公告的替补规则。号码格式不对时说明应有的写法。"
    ),
)
@click.argument("draw_id")
@click.argument("source")
@click.argument("issue")
@click.argument("value")
@_round
@_by
@_json
def numbers_(draw_id: str, source: str, issue: str, value: str, draw_round: int, by: str, as_json: bool) -> None:
    with _refusals(), transaction() as session:
        stands = public_numbers.enter(
            session,
            announcement.find(session, draw_id),
            draw_round=draw_round,
            source=source,
            issue=issue,
            value=value,
            by=_person(session, by),
            at=clock.now(),
        )
    told = {"source": source, "issue": issue, "stands": stands is not None, "value": stands.value if stands else value}
    words = _("%(source)s %(issue)s 期：%(value)s，已核对一致", **told)
    _tell(told, as_json, words if stands else _("%(source)s %(issue)s 期已记下，等另一人录入", **told))


@draw.command("run", help=_("号码齐了就出结果；结果由名单和号码推出，只写一次。后台也会自动做。"))
@click.argument("draw_id")
@_round
@_json
def run(draw_id: str, draw_round: int, as_json: bool) -> None:
    with _refusals(), _progress(_("人")) as tell:
        result = jobs.take(runtime(), draw_id, f"run_{draw_round}", tell=tell)
        jobs.take(runtime(), draw_id, f"name_{draw_round}", tell=tell)
    won = {tier["tier"]: [winner["entry"] for winner in tier["winners"]] for tier in result["tiers"]}
    lines = [f"{tier} {entry}" for tier, entries in won.items() for entry in entries]
    told = {"round": draw_round, "seed": result["seed"], "winners": won}
    _tell(told, as_json, "\n".join([_("种子 %(seed)s", seed=result["seed"]), *lines]))


@draw.command(
    "claims",
    help=_("登记领奖：给出中奖人出示的领奖码。不给码则列出已登记的；--expire 在领奖期过后把没领的记为过期。"),
)
@click.argument("draw_id")
@click.argument("code", required=False)
@click.option("--by", metavar="STAFF_NUMBER", help=_("核验人的工号；登记时必填。"))
@click.option("--ineligible", metavar="REASON", help=_("核验不合格，写明理由（会公布，不要写姓名）。"))
@click.option("--show-name", is_flag=True, help=_("中奖人同意在页面上显示隐去部分字的姓名。"))
@click.option("--signed", is_flag=True, help=_("已在纸质领奖单上签名；登记时要它，或者 --photo。"))
@click.option(
    "--photo",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("签名或本人领奖的照片（JPEG 或 PNG）。"),
)
@click.option("--expire", is_flag=True, help=_("领奖期已过：没有领的都记为过期。"))
@_json
def claims_(
    draw_id: str,
    code: str | None,
    by: str | None,
    ineligible: str | None,
    show_name: bool,
    signed: bool,
    photo: Path | None,
    expire: bool,
    as_json: bool,
) -> None:
    if (code and expire) or bool(code) != bool(by):
        raise click.UsageError(_("给出领奖码和 --by，或者 --expire，或者都不给。"))
    if code and ineligible is None and not signed and photo is None:
        raise click.UsageError(_("登记已领要有证明：--signed 或 --photo。"))
    with _refusals():
        if expire:
            jobs.take(runtime(), draw_id, "expire")
        with transaction() as session:
            found = announcement.find(session, draw_id)
            if code and by:
                _settle(session, found, code, _person(session, by), ineligible, show_name, photo)
            settled = [one for number in claims.ROUNDS for one in claims.settled_of(session, found, number)]
    told = [{key: getattr(one, key) for key in ("round", "tier", "entry", "state", "reason")} for one in settled]
    lines = ["{round} {tier} {entry} {state} {reason}".format(**line).rstrip() for line in told]
    _tell({"claims": told}, as_json, "\n".join(lines))


@draw.command("bundle", help=_("把公布的文件、核对程序和说明打成一个压缩包。"))
@click.argument("draw_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_json
def bundle_(draw_id: str, file: Path, as_json: bool) -> None:
    with _refusals(), _progress("B") as tell, runtime().database.reading() as session:
        found = announcement.find(session, draw_id)
        try:
            with file.open("wb") as to:
                bundle.write(session, found, to, tell)
        except OSError as error:
            raise click.BadParameter(_("%(path)s 写不了：%(reason)s。", path=file, reason=error.strerror)) from error
    told = {"file": str(file), "bytes": file.stat().st_size}
    _tell(told, as_json, _("已写入 %(file)s，%(bytes)s 字节", **told))


@draw.command(
    "audit",
    help=_(
        "审计：把密钥和名单上每个代号的编号、张数写成一个文件，只交给审计员。谁取走，记在抽奖的记录里。"
        "今天的记录算出另一份名单时，列出不同的代号，退出状态 1。"
    ),
)
@click.argument("draw_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_by
@_json
def audit_(draw_id: str, file: Path, by: str, as_json: bool) -> None:
    settings = runtime().settings
    with _refusals(), _progress(_("人")) as tell:
        with runtime().database.reading() as session:
            person, found = _person(session, by), announcement.find(session, draw_id)
            made = auditor_export.prepare(session, found, by=person, zone=settings.timezone, at=clock.now(), tell=tell)
        with transaction() as session:
            auditor_export.record(session, announcement.find(session, draw_id), by=person, at=clock.now())
        _write_secret(file, json.dumps(made, indent=1) + "\n")
    differing = made["differing"]
    told = {"file": str(file), "version": made["version"], "people": len(made["people"]), "differing": differing}
    words = _("已写入 %(file)s：第 %(version)s 版名单，%(people)s 人。里面有密钥，只交给审计员。", **told)
    lines = [_("%(entry)s：名单 %(listed)s 张，今天的记录 %(today)s 张", **one) for one in differing]
    lines += [_("%(entry)s：找不到是谁的", entry=entry) for entry in made["unknown"]]
    _tell({**told, "unknown": made["unknown"]}, as_json, "\n".join([words, *lines]))
    if lines:
        raise click.exceptions.Exit(1)


@draw.command("demo", help=_("演示：在演示医院的评价里办一次抽奖，走到指定的一步。日期往前推算，号码是虚构的。"))
@click.option("--until", type=click.Choice(list(demo.STAGES)), default="redrawn", help=_("走到哪一步；默认走完。"))
@_json
def demo_(until: str, as_json: bool) -> None:
    settings = runtime().settings
    if settings.env != "demo":
        raise click.ClickException(_("只有演示环境能这样做。"))
    with _refusals(), transaction() as session:
        draw_id = demo.draw(
            session,
            until=until,
            tenant=settings.hospital_id,
            hospital=settings.hospital_name,
            zone=settings.timezone,
            at=clock.now(),
        )
    told = {"draw_id": draw_id, "state": until}
    _tell(told, as_json, _("%(draw_id)s：%(state)s", **told))


def _settle(
    session: Session, found: Draw, code: str, by: int, ineligible: str | None, show_name: bool, photo: Path | None
) -> None:
    if ineligible is not None:
        claims.refuse(session, found, code, reason=ineligible, by=by, at=clock.now())
    else:
        picture = (images.MEDIA_TYPE, images.redrawn(photo.read_bytes())) if photo else None
        claims.confirm(session, found, code, by=by, at=clock.now(), show_name=show_name, photo=picture)


def _examined(draw_id: str, objection: int) -> objections.Verdict | None:
    """What our records say of it, with nobody waiting for our transaction meanwhile."""
    with _progress(_("人")) as tell, runtime().database.reading() as session:
        found = announcement.find(session, draw_id)
        return objections.examined(session, found, objection, zone=runtime().settings.timezone, tell=tell)


def _write_secret(file: Path, text: str) -> None:
    """For whoever runs the command; nothing that lies there is overwritten."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as to:
            to.write(text)
    except OSError as error:
        raise click.BadParameter(_("%(path)s 写不了：%(reason)s。", path=file, reason=error.strerror)) from error


def _read(file: Path) -> Fields:
    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise click.ClickException(_("%(path)s 不是 UTF-8 的 JSON。", path=file)) from error
    if not isinstance(read, dict):
        raise click.ClickException(_("%(path)s 不是 UTF-8 的 JSON。", path=file))
    return read


def _person(session: Session, staff_number: str) -> int:
    found = employment.by_staff_number(session, staff_number)
    if found is None:
        raise click.ClickException(_("没有工号 %(number)s。", number=staff_number.strip()))
    return found.id


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal as a sentence, and exit status 1."""
    try:
        yield
    except Refused as refused:
        raise click.ClickException(_(TEXTS[refused.code][1], **refused.facts)) from refused
    except errors.DATABASE as error:
        raise click.ClickException(errors.database(error)) from error


@contextmanager
def _progress(unit: str) -> Iterator[Any]:
    with tqdm(unit=unit, unit_scale=True, mininterval=0.5, delay=1) as bar:
        yield bar.update


def _tell(told: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else words)
