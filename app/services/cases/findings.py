"""What a complaint was found to be, once: of which kind, and whether it is true. The sheet counts upheld ones."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import CaseFinding, Completion, Contract, ServiceCase
from app.models.case import FOUND_KINDS, FOUND_OF
from app.services import events
from app.services.cases import acts
from app.services.cases.acts import Actor
from app.services.events import About


def find(session: Session, case_id: int, actor: Actor, *, kind: str, upheld: bool, contract_id: int | None) -> None:
    """Also of a case that is closed. Raises Missing and Refused."""
    case = acts.held(session, case_id)
    if case.about == "supervisor" and not actor.admin:
        raise Missing("no_such_case")
    if case.reason not in FOUND_OF or kind not in FOUND_KINDS:
        raise Refused("not_at_this_stage")
    contract = contract_of(session, case) or contract_id
    if contract is None or session.get(Contract, contract) is None:
        raise Refused("finding_contract")
    values = {"kind": kind, "upheld": upheld, "contract_id": contract, "by_id": actor.by, "at": actor.at}
    if insert_first(session, CaseFinding, case_id=case_id, **values) is None:
        raise Refused("found_already")
    data = {"finding": kind, "upheld": upheld, "contract": contract}
    about = About(case.id, case.ticket_id, case.cycle)
    events.append(session, about, "case_found", by=actor.by, at=actor.at, channel=actor.channel, data=data)


def contract_of(session: Session, case: ServiceCase) -> int | None:
    """Under which the ticket's cycle was completed; where there is none, whoever decides says it."""
    query = select(Completion.contract_id).where(Completion.ticket_id == case.ticket_id, Completion.cycle == case.cycle)
    return session.scalar(query)
