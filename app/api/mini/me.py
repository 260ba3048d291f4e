"""Who somebody is: the privacy notice, binding to a staff number, the telephone as a proof."""

from sqlalchemy.orm import Session

from app.api.mini import requests, responses
from app.api.operations import get, mini, post_once, route
from app.errors import Refused
from app.http import bearer, rate_limits, session
from app.http.context import now, read_session, runtime, transaction
from app.http.wechat_exchange import exchanged
from app.models import Person
from app.services.identity import binding, phone_proof, wechat_sign_in
from app.services.identity.binding import Outcome

_REFUSED = {Outcome.WRONG: "binding_wrong", Outcome.TOO_MANY: "binding_too_many"}


@get("/me", responses.Me, consent=False)
def me() -> responses.Me:
    """Who I am here, and whether I have agreed to the privacy notice."""
    who, settings = bearer.current(), runtime().settings
    with read_session() as db:
        person = db.get(Person, who.person_id) if who.person_id is not None else None
    visitor = session.visitor(who.person_id)
    return responses.Me(
        bound=person is not None,
        name=person.name if person else None,
        staff_number=person.staff_number if person else None,
        roles=sorted(visitor.roles) if visitor else [],
        privacy=responses.Notice(
            version=wechat_sign_in.PRIVACY_VERSION, accepted=who.privacy_version == wechat_sign_in.PRIVACY_VERSION
        ),
        hospital=settings.hospital_name,
        hotline=settings.hotline,
        service_line=settings.service_line,
    )


@post_once("/privacy", requests.Privacy, {200: responses.Notice}, "privacy_changed", consent=False)
def accept_privacy(db: Session, body: requests.Privacy) -> responses.Notice:
    """Agree to the privacy notice that was shown."""
    if body.version != wechat_sign_in.PRIVACY_VERSION:
        raise Refused("privacy_changed", version=wechat_sign_in.PRIVACY_VERSION)
    wechat_sign_in.accept_privacy(db, bearer.current().identity_id, at=now())
    return responses.Notice(version=body.version, accepted=True)


@post_once(
    "/binding",
    requests.Binding,
    {201: responses.Bound, 202: responses.Bound},
    *("bound_already", "binding_proof", "binding_by_roster", "binding_wrong", "binding_too_many"),
)
def bind(db: Session, body: requests.Binding) -> object:
    """Bind this WeChat to a staff number: by WeChat's word for the telephone, or once a supervisor says yes."""
    identity_id, ways = bearer.current().identity_id, runtime().settings.binding_proof
    last_four, proved = body.last_four, body.phone_proof is not None and "phone" in ways
    if not proved and "supervisor" not in ways:
        raise Refused("binding_by_roster")
    if body.phone_proof is not None:
        last_four = phone_proof.last_four(
            db,
            runtime().settings.secret_keys,
            body.phone_proof,
            identity_id=identity_id,
            staff_number=body.staff_number,
        )
    if last_four is None:
        raise Refused("binding_proof")
    outcome = binding.bind(
        db,
        identity_id=identity_id,
        staff_number=body.staff_number,
        name=body.name,
        last_four=last_four,
        proved=proved,
        at=now(),
    )
    if outcome in _REFUSED:
        return Refused(_REFUSED[outcome])  # returned: the try is kept
    return (
        (responses.Bound(outcome="bound"), 201)
        if outcome is Outcome.BOUND
        else (responses.Bound(outcome="claimed"), 202)
    )


@route(mini, "DELETE", "/binding", {204: None}, "not_bound", consent=True)
def unbind() -> None:
    """This WeChat is nobody's again; what it rated stays."""
    with transaction() as db:
        binding.unbind(db, bearer.current().identity_id, by=_person(), at=now())


def _number(body: requests.PhoneCode) -> str:
    program = runtime().mini
    if program is None:
        raise Refused("no_mini_program")
    rate_limits.bound_phone_proofs(bearer.current().identity_id)
    return exchanged(lambda: program.phone_number(body.code), known=True)


@post_once(
    "/phone",
    requests.PhoneCode,
    {200: responses.PhoneProof},
    *("sign_in_again", "wechat_busy", "no_mini_program"),
    first=_number,
)
def prove_phone(_db: Session, number: str) -> responses.PhoneProof:
    """WeChat tells the number of this phone: a proof for POST /binding. The number itself is not kept."""
    proof = phone_proof.make(runtime().settings.secret_keys, identity_id=bearer.current().identity_id, number=number)
    return responses.PhoneProof(phone_proof=proof, expires_in=int(phone_proof.LIFE.total_seconds()))


def _person() -> int:
    found = bearer.current().person_id
    if found is None:
        raise Refused("not_bound")
    return found
