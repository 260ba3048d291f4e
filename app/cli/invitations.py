"""`flask people invite`: a link that binds one person's phone, or one for every engineer."""

import json

import click
from sqlalchemy.orm import Session

from app import clock
from app.cli import errors
from app.cli.i18n import _
from app.cli.people import people
from app.errors import Missing, Refused
from app.http.context import runtime, transaction
from app.models import Person
from app.services.identity import invitations
from app.services.organisation.employment import by_staff_number

Line = dict[str, str]


@people.command(
    "invite",
    help=_(
        "生成绑定邀请：本人在微信里打开链接，点一下就绑定工号。24 小时内有效，只能用一次，再次生成时旧的作废。"
        "写一个工号，或用 --all-engineers 给每位在岗工程师各一行（已绑定的不再生成）。"
    ),
)
@click.argument("staff_number", required=False)
@click.option("--all-engineers", is_flag=True, help=_("每位在岗工程师一行。"))
@click.option("--json", "as_json", is_flag=True, help=_("只输出一行 JSON。"))
def invite(staff_number: str | None, all_engineers: bool, as_json: bool) -> None:
    if (staff_number is None) is not all_engineers:
        raise click.UsageError(_("请写一个工号，或者用 --all-engineers。"))
    try:
        lines = _everybody() if staff_number is None else [_one(staff_number)]
    except Refused as refused:
        raise click.ClickException(errors.words(refused)) from refused
    except errors.DATABASE as error:
        raise click.ClickException(errors.database(error)) from error
    if as_json:
        click.echo(json.dumps({"invitations": lines}, ensure_ascii=False))
        return
    for line in lines:
        click.echo("\t".join([line["staff_number"], line["name"], line["url"] or _("已绑定")]))


def _one(staff_number: str) -> Line:
    with transaction() as session:
        person = by_staff_number(session, staff_number)
        if person is None:
            raise Missing("no_such_person")
        return _line(person, _invited(session, person))


def _everybody() -> list[Line]:
    settings = runtime().settings
    appid = settings.wechat.appid if settings.wechat else settings.wecom.corpid if settings.wecom else ""
    today = clock.now().astimezone(settings.timezone).date()
    with transaction() as session:
        found = invitations.engineers(session, appid=appid, day=today)
        return [_line(person, "" if bound else _invited(session, person)) for person, bound in found]


def _invited(session: Session, person: Person) -> str:
    users = "invitation" in runtime().settings.binding_proof
    made = invitations.invite(session, person.id, by=None, at=clock.now(), users=users)
    return runtime().links.invitation_url(made.number)


def _line(person: Person, url: str) -> Line:
    return {"staff_number": person.staff_number, "name": person.name, "url": url}
