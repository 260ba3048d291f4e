"""What a notice says: the card of WeCom, the robot's message and the inbox; and the values of a template's fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, literal, select
from sqlalchemy.orm import Session

from app.models import Category, Department, Event, Notice, Person, Place, RegisterRecord, RoleGrant, Ticket
from app.services.links import Links, in_path
from app.texts.catalogue import named
from config.files import BadFile
from config.notices import MessageTemplate, MiniTemplate, NoticeKind, notice_kinds, notice_rules
from wechat.template_fields import fit

PRIORITIES = {1: "特急", 2: "紧急", 3: "普通", 4: "不急"}
CHANNELS = {"wecom": "企业微信", "service": "微信服务号", "mini": "微信小程序", "robot": "企业微信群机器人"}
NOTHING = "无"
AT_CONSOLE = ("desk", "supervisor", "admin", "auditor")


@dataclass(frozen=True)
class NoticeContext:
    """What is told of a ticket, or, without one, of that which `about` names. Never what the fault is."""

    moment: datetime
    ticket_id: int | None = None
    number: str = ""
    category: str = ""
    place: str = ""
    priority: int = 3
    about: str = ""
    case_id: int = 0
    register: str = ""
    name: str = field(default="", repr=False)
    """Whom it is for: a group has to be told."""
    owner: bool = False
    """Whom it is for answers for the record it is about."""
    console: bool = False
    """Whom it is for has a place at the console."""


# A complaint of the time before there were cases has its case's number.
_OF_CASE = case((Event.subject.in_(("case", "complaint")), Event.subject_id))


def _case_number() -> ColumnElement[str]:
    """What is about no ticket is called by the number of its case."""
    return literal("A").concat(cast(_OF_CASE, Text))


def _register_path() -> ColumnElement[str]:
    return RegisterRecord.kind.concat("/").concat(cast(RegisterRecord.id, Text))


def contexts(session: Session, notice_ids: Sequence[int]) -> dict[int, NoticeContext]:
    at_console = select(RoleGrant.person_id).where(
        RoleGrant.person_id == Notice.person_id, RoleGrant.role.in_(AT_CONSOLE)
    )
    rows = session.execute(
        select(
            Notice.id,
            func.coalesce(Event.at, Notice.created_at),
            Notice.ticket_id,
            func.coalesce(Ticket.number, RegisterRecord.code, _case_number(), ""),
            func.coalesce(Category.name, ""),
            func.coalesce(Place.name, Department.name, ""),
            func.coalesce(Ticket.priority, 3),
            Notice.about,
            func.coalesce(_OF_CASE, 0),
            func.coalesce(_register_path(), ""),
            Person.name,
            func.coalesce(RegisterRecord.person_id == Notice.person_id, false()),
            at_console.exists(),
        )
        .join(Person, Person.id == Notice.person_id)
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .outerjoin(Event, Event.id == Notice.event_id)
        .outerjoin(RegisterRecord, and_(Event.subject == "register", RegisterRecord.id == Event.subject_id))
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .where(Notice.id.in_(notice_ids))
    )
    return {row[0]: NoticeContext(*row[1:]) for row in rows}


def text(kind: NoticeKind, context: NoticeContext, zone: ZoneInfo) -> str:
    local = context.moment.astimezone(zone)
    values = _values(kind, context) | {"moment": f"{local.month}月{local.day}日 {local:%H:%M}"}
    return named(kind.text).format_map({name: value or NOTHING for name, value in values.items()})


def fields(kind: NoticeKind, template: MessageTemplate, context: NoticeContext, zone: ZoneInfo) -> dict[str, str]:
    """As WeChat takes them; it refuses an empty one."""
    values = _values(kind, context) | {"moment": context.moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")}
    return {name: fit(name, values[value]) or NOTHING for name, value in template.fields.items()}


def page(template: MiniTemplate, context: NoticeContext, links: Links) -> str:
    """The page of the mini-program."""
    token = links.ticket_path(context.ticket_id).rpartition("/")[2] if context.ticket_id else ""
    return template.page.format(number=quote(context.number, safe=""), token=token)


_PAGES = {
    "ticket": "{console}/console/tickets/{number}",
    "console": "{console}/console",
    "console_case": "{console}/console/cases/{case}",
    "recovery": "{console}/console/recovery",
    "register": "{console}/console/registers/{register}",
    "record": "{public}/my/records/{record}",
    "praise": "{public}/engineer#praise",
    "my": "{public}/my",
}


def url(kind: NoticeKind, context: NoticeContext, links: Links, console_url: str, *, at_console: bool = False) -> str:
    """A page whoever it is for can open; `at_console` where they read it there."""
    opens = _page(kind.opens, context, at_console=at_console)
    if opens == "engineer":
        return links.engineer_ticket_url(context.number)
    if opens == "scan":
        return links.ticket_url(context.ticket_id or 0)
    if opens == "case":
        return links.public_url + links.case_path(context.case_id)
    return _PAGES[opens].format(
        public=links.public_url,
        console=console_url,
        number=in_path(context.number),
        case=context.case_id,
        register=context.register,
        record=context.register.rpartition("/")[2],
    )


def _page(opens: str, context: NoticeContext, *, at_console: bool) -> str:
    """What its kind opens, as far as there is one and its reader may look."""
    match opens:
        case "scan" if context.ticket_id is None:
            return "my"
        case "case" if not context.case_id:
            return "my"
        case "register" if context.owner and not at_console:
            return "record"
        case "console" if context.ticket_id is not None and not context.console:
            return "scan"  # of a team's leader who is an engineer: how it stands
        case "console" if context.ticket_id is not None:
            return "ticket"
        case "console_case" if not context.case_id:
            return "console"
    return opens


def check_file() -> None:
    """Raises BadFile that names what is wrong in config/notices.toml."""
    notice_rules()
    check(notice_kinds())


def check(kinds: Mapping[str, NoticeKind]) -> None:
    """Raises BadFile that names a field whose value WeChat would not take."""
    at = datetime.fromisoformat("2026-11-22T16:30+08:00")
    sample = NoticeContext(at, number="20261122-0001", category="打印机", place="呼吸内科", about="service")
    for name, kind in kinds.items():
        if fit("phrase", kind.word) != kind.word:
            raise BadFile(f"notices.toml [{name}] word: expected at most five Chinese characters")
        for template in filter(None, (kind.service, kind.mini)):
            _check_fields(name, kind, template, sample)


def _check_fields(name: str, kind: NoticeKind, template: MessageTemplate, sample: NoticeContext) -> None:
    values = _values(kind, sample) | {"moment": "2026-11-22 16:30"}
    for field_name, value in template.fields.items():
        try:
            fits = fit(field_name, values[value])
        except ValueError as unknown:
            raise BadFile(f"notices.toml [{name}]: {unknown}") from None
        if fits is None:
            raise BadFile(f"notices.toml [{name}]: {value} does not fit {field_name}")


def _values(kind: NoticeKind, context: NoticeContext) -> dict[str, str]:
    return {
        "number": context.number,
        "category": context.category,
        "place": context.place,
        "priority": PRIORITIES[context.priority],
        "channel": CHANNELS.get(context.about.partition(":")[0], ""),
        "word": kind.word,
    }
