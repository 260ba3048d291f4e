"""`flask audit`: compare the history with its seal, and hand it to an auditor's own tools."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli.answers import json_option, progress, refusals, report
from app.cli.i18n import _, gettext
from app.http.context import runtime, transaction
from app.jobs import history
from app.services.audit import export as exports
from app.services.audit import verify as verification
from app.services.organisation import employment
from app.texts.history import FAULTS, holds
from ledger.notes import Malformed
from ledger.verify import older

audit = AppGroup("audit")


@audit.command(
    "verify",
    help=_(
        "核对：每一行和封存时的一样吗？说出第一条被改、缺少或插入的记录。默认从上次核对的地方接着往后，--all 从头开始。"
        "--since 给出以前抄下的检查点（一行文字、文件或旧副本的文件夹），重写过的历史也查得出来。"
        "退出状态：0 为真，1 为假。"
    ),
)
@click.option("--all", "whole", is_flag=True, help=_("从第一条开始。"))
@click.option("--since", multiple=True, help=_("以前的检查点。"))
@json_option
def verify(whole: bool, since: tuple[str, ...], as_json: bool) -> None:
    try:
        kept = [one.checkpoint for text in since for one in older(text)]
    except (Malformed, OSError) as error:
        raise click.BadParameter(_("这不是检查点：%(reason)s", reason=error), param_hint="--since") from error
    known = runtime()
    if wrong := next((one for one in kept if one.origin != known.signer.origin), None):
        raise click.BadParameter(_("这是另一个记录的检查点：%(origin)s", origin=wrong.origin), param_hint="--since")
    key = known.signer.key
    with refusals(), progress(_("条")) as advance:
        history.take_all(known)
        with known.database.reading() as session:
            verdict = verification.verify(session, whole=whole, keys=[key] if key else [], kept=kept, progress=advance)
        with transaction() as session:
            verification.record(session, verdict, by=None, at=known.now())
    payload = {"first": verdict.first, "size": verdict.size, "fault": verdict.fault, "where": verdict.where}
    if verdict.holds:
        words = gettext(holds(verdict.first, verdict.size), **payload)
        report({**payload, "holds": True, "root": verdict.root}, as_json, words)
        return
    words = gettext(FAULTS[verdict.fault], where=verdict.where)
    report({**payload, "holds": False}, as_json, _("不一致：%(words)s", words=words))
    raise click.exceptions.Exit(1)


@audit.command(
    "export",
    help=_(
        "导出：把封存的历史写成 C2SP tlog-tiles，审计员用自己的工具或 python -m ledger verify 核对。"
        "--ticket 只写一张工单的记录和证明。谁取走，记在历史里。"
    ),
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--ticket", "number", help=_("工单号。"))
@click.option("--by", metavar="STAFF_NUMBER", help=_("经办人的工号。"))
@json_option
def export(folder: Path, number: str | None, by: str | None, as_json: bool) -> None:
    known = runtime()
    with refusals(), progress(_("条")) as advance:
        history.take_all(known)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_ticket(folder, number, as_json) if number else _write_all(folder, by, as_json, advance)
        except OSError as error:
            reason = _("%(path)s 写不了：%(reason)s。", path=folder, reason=error.strerror)
            raise click.BadParameter(reason) from error


def _write_ticket(folder: Path, number: str, as_json: bool) -> None:
    with runtime().database.reading() as session:
        made = exports.of_ticket(session, number, runtime().signer)
    file = folder / f"ticket-{number}.json"
    file.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
    report({"file": str(file), "entries": len(made["vectors"])}, as_json, _("已写入 %(file)s", file=file))


def _write_all(folder: Path, by: str | None, as_json: bool, advance: verification.Progress) -> None:
    if any(folder.iterdir()):
        raise click.BadParameter(_("%(path)s 里已有文件，请给一个空的文件夹。", path=folder))
    known = runtime()
    with known.database.reading() as session:
        person = employment.by_staff_number(session, by) if by else None
        if by and person is None:
            raise click.ClickException(_("没有工号 %(number)s。", number=by))
        checkpoint = exports.write(session, folder, known.signer, advance)
    with transaction() as session:
        exports.record(session, checkpoint, by=person.id if person else None, at=known.now())
    data = {"folder": str(folder), "size": checkpoint.size, "checkpoint": checkpoint.line}
    report(data, as_json, _("已写入 %(folder)s，%(size)s 条。检查点：%(checkpoint)s", **data))
