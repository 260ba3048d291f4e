"""The log's names for people, teams, categories and places, found among ours or created, for a batch at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import upsert
from app.models import Category, Department, Person, Place, Team
from app.services.imports.ticket_log.node_reader import Node
from app.services.imports.ticket_log.profile import Profile
from app.services.tables.records import Fault

KINDS: dict[str, tuple[Any, InstrumentedAttribute[str], tuple[str, ...]]] = {
    "people": (Person, Person.staff_number, ("actor", "served", "lead")),
    "teams": (Team, Team.code, ("team",)),
    "categories": (Category, Category.code, ("category",)),
    "places": (Place, Place.code, ("place",)),
    "departments": (Department, Department.code, ("department",)),
}
KIND_OF = {part: kind for kind, (_model, _key, parts) in KINDS.items() for part in parts}


@dataclass(frozen=True)
class Names:
    """Label to id, by kind; and the labels nobody here knows."""

    ids: dict[str, dict[str, int]]
    strange: dict[str, set[str]]

    def unknown(self, node: Node) -> str | None:
        """The first part of the node that names somebody or something we do not know."""
        for kind, labels in self.strange.items():
            for part in KINDS[kind][2]:
                if getattr(node, part) in labels:
                    return part
        return None


def resolve(session: Session, profile: Profile, nodes: Sequence[Node]) -> Names:
    """Look up every name of these nodes; create those the profile lets us create."""
    ids, strange = {}, {}
    for kind, (_model, _key, parts) in KINDS.items():
        labels = {getattr(node, part) for part in parts for node in nodes} - {""}
        ids[kind] = _ids(session, profile, kind, labels)
        if unknown := labels - ids[kind].keys():
            strange[kind] = unknown
    return Names(ids, strange)


def fault(profile: Profile, node: Node, part: str) -> Fault:
    return Fault(node.line, profile.columns[part], getattr(node, part), f"unknown_{KIND_OF[part]}", (), node.last)


def _ids(session: Session, profile: Profile, kind: str, labels: set[str]) -> dict[str, int]:
    if not labels:
        return {}
    model, key, _parts = KINDS[kind]
    creates = kind in profile.create
    prefix = f"{profile.prefix}:" if creates and profile.prefix else ""
    codes = {label: prefix + label for label in labels}
    found = _found(session, model, key, codes.values())
    new = sorted(label for label in labels if codes[label] not in found) if creates else []
    if new:
        rows = [{key.key: codes[label], "name": label} for label in new]
        session.execute(upsert(session, model).on_conflict_do_nothing(), rows)
        found |= _found(session, model, key, [codes[label] for label in new])
    return {label: found[code] for label, code in codes.items() if code in found}


def _found(session: Session, model: Any, key: InstrumentedAttribute[str], codes: Iterable[str]) -> dict[str, int]:
    return dict(session.execute(select(key, model.id).where(key.in_(list(codes)))).all())
