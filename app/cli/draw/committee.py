"""What the committee does: objections, the public numbers, claims."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.draw.group import by_option, draw, json_option, person, progress, refusals, report, round_option
from app.cli.i18n import _
from app.http.context import runtime, transaction
from app.jobs import draws as jobs
from app.models import Draw
from app.services import images
from app.services.draws import announcement, claims, objections, public_numbers


@dataclass(frozen=True)
class _Claim:
    """What the committee found when it checked a winner."""

    ineligible: str | None
    show_name: bool
    signed: bool
    photo: Path | None


@draw.command(
    "object",
    help=_("提出异议：文件是本人回执的 JSON，名单里没有它或张数少了才受理。--decide 处理异议，成立的进下一版名单。"),
)
@click.argument("draw_id")
@click.argument("receipt", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--decide", "objection", type=int, metavar="ID", help=_("处理这条异议；与 --uphold 或 --refuse 同用。"))
@click.option("--uphold/--refuse", "upheld", default=None, help=_("成立，或不成立。"))
@click.option("--reason", default="", help=_("理由。"))
@by_option
@json_option
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
    with refusals():
        verdict = _examined(draw_id, objection) if objection is not None else None
    with refusals(), transaction() as session:
        found, person_id = announcement.find(session, draw_id), person(session, by)
        if receipt:
            data = objections.parse(receipt.read_text("utf-8", errors="replace"))
            objection = objections.object_(session, found, **data, by=person_id, at=runtime().now())
        elif objection is not None:
            objections.decide(
                session,
                found,
                objection,
                upheld=bool(upheld),
                reason=reason,
                by=person_id,
                at=runtime().now(),
                verdict=verdict,
            )
    state = "open" if receipt else "upheld" if upheld else "refused"
    data = {"objection": objection, "state": state}
    report(data, as_json, _("异议 %(objection)s：%(state)s", **data))


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
@round_option
@by_option
@json_option
def numbers_(draw_id: str, source: str, issue: str, value: str, draw_round: int, by: str, as_json: bool) -> None:
    with refusals(), transaction() as session:
        stands = public_numbers.enter(
            session,
            announcement.find(session, draw_id),
            draw_round=draw_round,
            source=source,
            issue=issue,
            value=value,
            by=person(session, by),
            at=runtime().now(),
        )
    data = {"source": source, "issue": issue, "stands": stands is not None, "value": stands.value if stands else value}
    words = _("%(source)s %(issue)s 期：%(value)s，已核对一致", **data)
    report(data, as_json, words if stands else _("%(source)s %(issue)s 期已记下，等另一人录入", **data))


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
@json_option
def claims_(draw_id: str, code: str | None, by: str | None, expire: bool, as_json: bool, **checked: Any) -> None:
    claim = _Claim(**checked)
    if (code and expire) or bool(code) != bool(by):
        raise click.UsageError(_("给出领奖码和 --by，或者 --expire，或者都不给。"))
    if code and claim.ineligible is None and not claim.signed and claim.photo is None:
        raise click.UsageError(_("登记已领要有证明：--signed 或 --photo。"))
    with refusals():
        if expire:
            jobs.take(runtime(), draw_id, "expire")
        with transaction() as session:
            found = announcement.find(session, draw_id)
            if code and by:
                _settle(session, found, code, claim, by=person(session, by))
            settled = [one for number in claims.ROUNDS for one in claims.settled_of(session, found, number)]
    data = [{key: getattr(one, key) for key in ("round", "tier", "entry", "state", "reason")} for one in settled]
    lines = ["{round} {tier} {entry} {state} {reason}".format(**line).rstrip() for line in data]
    report({"claims": data}, as_json, "\n".join(lines))


def _settle(session: Session, found: Draw, code: str, claim: _Claim, *, by: int) -> None:
    if claim.ineligible is not None:
        claims.refuse(session, found, code, reason=claim.ineligible, by=by, at=runtime().now())
    else:
        photo = (images.MEDIA_TYPE, images.redrawn(claim.photo.read_bytes())) if claim.photo else None
        claims.confirm(session, found, code, by=by, at=runtime().now(), show_name=claim.show_name, photo=photo)


def _examined(draw_id: str, objection: int) -> objections.Verdict | None:
    """What our records say of it, with nobody waiting for our transaction meanwhile."""
    with progress(_("人")) as advance, runtime().database.reading() as session:
        found = announcement.find(session, draw_id)
        return objections.examined(session, found, objection, zone=runtime().settings.timezone, progress=advance)
