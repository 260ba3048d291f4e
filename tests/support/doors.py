"""Every door of an app, each with an address that leads to something real."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from app import clock
from app.models import Ticket
from app.runtime import Runtime
from app.services.indicators.quarters import Quarter
from tests.support.world import World


@dataclass(frozen=True)
class Door:
    endpoint: str
    rule: str
    method: str
    address: str

    @property
    def blueprint(self) -> str:
        return self.endpoint.rpartition(".")[0]


def doors(app: Flask, *methods: str, real: "dict[str, str] | None" = None) -> Iterator[Door]:
    """Those that open to one of these methods (GET and POST if none is named), static files left out."""
    for rule in app.url_map.iter_rules():
        for method in methods or ("GET", "POST"):
            if method in (rule.methods or ()) and not rule.endpoint.endswith("static"):
                yield Door(rule.endpoint, rule.rule, method, _address(app, rule, real or {}))


def real_parts(runtime: Runtime, world: World, ticket: Ticket) -> dict[str, str]:
    """What the variable parts of addresses may be in the small hospital."""
    return {
        "number": ticket.number,
        "scan.token": runtime.links.ticket_path(ticket.id).removeprefix("/r/"),
        "ward.token": runtime.links.ward_path(world.ward.id).removeprefix("/w/"),
        "slip.token": runtime.links.slip_path(1).removeprefix("/s/"),
        "label.token": runtime.links.label_path("place", 1).removeprefix("/a/"),
        "bind.token": runtime.links.invitation_token(1),
        "cases.token": runtime.links.case_path(1).removeprefix("/my/cases/"),
        "console_recovery.token": runtime.links.handover_token(1),
        "act": "accept",
        "seq": "1",
        "contract_id": str(world.contract.id),
        "month": f"{clock.now():%Y-%m}",
        "quarter": str(Quarter.at(clock.now().date())),
        "console_sheets.code": "C1.1",
        "console_registers.kind": "knowledge",
        "console_lists.kind": "category",
        "size": "1",
        "account": "service",
        "person_id": str(world.nurse.id),
        "department_id": str(world.ward.id),
    }


def by_name(found: Iterable[Door]) -> set[str]:
    return {f"{door.method} {door.rule}" for door in found}


def _address(app: Flask, rule: Rule, real: dict[str, str]) -> str:
    blueprint = rule.endpoint.partition(".")[0]
    values = {name: real.get(f"{blueprint}.{name}", real.get(name, "1")) for name in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, values)
