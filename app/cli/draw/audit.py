"""What others check a draw with: the published bundle, and the auditor's file."""

import json
import os
from pathlib import Path

import click

from app.cli.draw.group import by_option, draw, json_option, person, progress, refusals, report
from app.cli.i18n import _
from app.http.context import runtime, transaction
from app.services.draws import announcement, auditor_export, bundle, public_page
from app.web.draws import scenes


@draw.command("bundle", help=_("把公布的文件、核对程序和说明打成一个压缩包。"))
@click.argument("draw_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def bundle_(draw_id: str, file: Path, as_json: bool) -> None:
    with refusals(), progress("B") as advance, runtime().database.reading() as session:
        found = announcement.find(session, draw_id)
        try:
            with file.open("wb") as to:
                page = public_page.page(session, found, at=runtime().now())
                bundle.write(session, found, to, advance, scenes.offline(page))
        except OSError as error:
            raise click.BadParameter(_("%(path)s 写不了：%(reason)s。", path=file, reason=error.strerror)) from error
    data = {"file": str(file), "bytes": file.stat().st_size}
    report(data, as_json, _("已写入 %(file)s，%(bytes)s 字节", **data))


@draw.command(
    "audit",
    help=_(
        "审计：把密钥和名单上每个代号的编号、张数写成一个文件，只交给审计员。谁取走，记在抽奖的记录里。"
        "今天的记录算出另一份名单时，列出不同的代号，退出状态 1。"
    ),
)
@click.argument("draw_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@by_option
@json_option
def audit_(draw_id: str, file: Path, by: str, as_json: bool) -> None:
    settings = runtime().settings
    with refusals(), progress(_("人")) as advance:
        with runtime().database.reading() as session:
            person_id, found = person(session, by), announcement.find(session, draw_id)
            made = auditor_export.prepare(
                session, found, by=person_id, zone=settings.timezone, at=runtime().now(), progress=advance
            )
        with transaction() as session:
            auditor_export.record(session, announcement.find(session, draw_id), by=person_id, at=runtime().now())
        _write_secret(file, json.dumps(made, indent=1) + "\n")
    differing = made["differing"]
    data = {"file": str(file), "version": made["version"], "people": len(made["people"]), "differing": differing}
    words = _("已写入 %(file)s：第 %(version)s 版名单，%(people)s 人。里面有密钥，只交给审计员。", **data)
    lines = [_("%(entry)s：名单 %(listed)s 张，今天的记录 %(today)s 张", **one) for one in differing]
    lines += [_("%(entry)s：找不到是谁的", entry=entry) for entry in made["unknown"]]
    report({**data, "unknown": made["unknown"]}, as_json, "\n".join([words, *lines]))
    if lines:
        raise click.exceptions.Exit(1)


def _write_secret(file: Path, text: str) -> None:
    """For whoever runs the command; nothing that lies there is overwritten."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as to:
            to.write(text)
    except OSError as error:
        raise click.BadParameter(_("%(path)s 写不了：%(reason)s。", path=file, reason=error.strerror)) from error
