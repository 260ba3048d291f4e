"""The console's menu: what is used all day stands open, the rest folds away under a word."""

from dataclasses import dataclass

from flask import request

from app.http.i18n import gettext
from app.http.session import Visitor
from app.texts.catalogue import mark


@dataclass(frozen=True)
class Place:
    path: str
    name: str
    supervisors: bool = False  # the hospital's own supervision alone


@dataclass(frozen=True)
class Entry:
    """A page, or several under a word; `here` where one is at it, or at one of them."""

    name: str
    path: str
    here: bool
    pages: "tuple[Entry, ...]" = ()


_MENU: tuple[Place | tuple[str, tuple[Place, ...]], ...] = (
    Place("/console", mark("概览")),
    Place("/console/board", mark("看板")),
    Place("/console/tickets", mark("工单")),
    Place("/console/ratings", mark("评价"), supervisors=True),
    Place("/console/cases", mark("案件"), supervisors=True),
    (
        mark("日常"),
        (
            Place("/console/notices", mark("通知")),
            Place("/console/duty", mark("值班")),
            Place("/console/incidents", mark("重大故障")),
            Place("/console/downtime", mark("停机应急")),
            Place("/console/print", mark("打印")),
        ),
    ),
    (
        mark("监督"),
        (
            Place("/console/corridor", mark("客户走廊"), supervisors=True),
            Place("/console/standing", mark("考核现况")),
            Place("/console/sheets", mark("考核")),
            Place("/console/registers", mark("台账")),
            Place("/console/integrity", mark("诚信信号"), supervisors=True),
            Place("/console/draws", mark("抽奖"), supervisors=True),
            Place("/console/audit", mark("审计"), supervisors=True),
        ),
    ),
    (
        mark("设置"),
        (
            Place("/console/people", mark("人员"), supervisors=True),
            Place("/console/lists", mark("服务与科室"), supervisors=True),
            Place("/console/contracts", mark("合同"), supervisors=True),
            Place("/console/mark", mark("医院标识"), supervisors=True),
            Place("/console/integrations", mark("系统对接"), supervisors=True),
            Place("/console/calendar", mark("放假安排")),
        ),
    ),
)


def menu(visitor: Visitor) -> list[Entry]:
    """What this visitor finds, in the order of the menu."""
    found = [_group(*one, visitor) if isinstance(one, tuple) else _entry(one) for one in _MENU if _opens(one, visitor)]
    return [one for one in found if one.path or one.pages]


def _opens(one: Place | tuple[str, tuple[Place, ...]], visitor: Visitor) -> bool:
    return isinstance(one, tuple) or visitor.supervises or not one.supervisors


def _group(name: str, places: tuple[Place, ...], visitor: Visitor) -> Entry:
    pages = tuple(_entry(one) for one in places if _opens(one, visitor))
    return Entry(gettext(name), "", any(one.here for one in pages), pages)


def _entry(place: Place) -> Entry:
    here = request.path == place.path or (place.path != "/console" and request.path.startswith(f"{place.path}/"))
    return Entry(gettext(place.name), place.path, here)
