"""The operations of the API: each is written down once, for the address, the checks and the document alike.

`get` reads; `post_once` is done once for its Idempotency-Key, in one transaction with its answer; `route` is what needs
no key. With a `scope` they are for other systems, which come in with an integration key. All of them read and answer by
the models beside them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from hashlib import sha256
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from app.api.mini.requests import RequestModel
from app.errors import Refused
from app.http import bearer, errors, rate_limits, session
from app.http.context import now, transaction
from app.http.problems import MEDIA_TYPE, PREFIX
from app.models import IntegrationPost
from app.services import idempotency
from app.services.idempotency import KeptResponse, Owner

# Who has no token yet comes in by the first, everybody else by the second.
entry = Blueprint("api_mini_entry", __name__, url_prefix=PREFIX)
mini = Blueprint("api_mini", __name__, url_prefix=PREFIX)
integration = Blueprint("api_integration", __name__, url_prefix=PREFIX)  # other systems

View = Callable[..., Any]
T = TypeVar("T", bound=RequestModel)
KEY = r"^[A-Za-z0-9._:-]{8,64}$"
JSON = "application/json"


@dataclass(frozen=True)
class Upload:
    """One file, in the field of this name."""

    field: str


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    responses: Mapping[int, type[BaseModel] | str | None]
    body: type[RequestModel] | Upload | None = None
    refusals: tuple[str, ...] = ()
    bearer: bool = True
    consent: bool = True
    keyed: bool = False
    scope: str = ""
    """Of the integration key that is needed; empty for the mini-program."""

    @property
    def blueprint(self) -> Blueprint:
        return integration if self.scope else mini


OPERATIONS: list[Operation] = []


def get(
    path: str, response: type[BaseModel] | str, *refusals: str, consent: bool = True, scope: str = ""
) -> Callable[[View], View]:
    """A GET; `response` is a model, or the media type of what the function answers by itself."""

    def register(read: View) -> View:
        facts = {"refusals": refusals, "consent": consent and not scope, "scope": scope}
        operation = _register(read, "GET", path, {200: response}, **facts)

        @wraps(read)
        def view(**parts: Any) -> Response:
            _enter(operation)
            answer = read(**parts)
            return answer if isinstance(answer, Response) else _json(200, answer.model_dump_json())

        return _add_rule(operation.blueprint, operation, view)

    return register


def post_once(
    path: str,
    body: type[RequestModel] | Upload,
    responses: Mapping[int, type[BaseModel]],
    *refusals: str,
    consent: bool = True,
    read: Callable[[], tuple[Any, bytes]] | None = None,
    first: View | None = None,
    scope: str = "",
) -> Callable[[View], View]:
    """A POST: the function gets session, the body and the parts of the path; answers a model, or it and a status.

    `read` reads the body in another way than as JSON; it answers that, and the bytes that tell it from another.
    `first` is what takes its time, without a transaction; what it answers takes the place of the body.
    """

    def register(do: View) -> View:
        facts = {"body": body, "refusals": refusals, "consent": consent and not scope, "scope": scope}
        operation = _register(do, "POST", path, responses, keyed=True, **facts)
        usual = next(iter(responses))

        @wraps(do)
        def view(**parts: Any) -> Response:
            _enter(operation)
            key = _owner(operation), idempotency_key()
            fields, content = read() if read else (parsed(body), request.get_data())  # type: ignore[arg-type]
            if first is None:
                return _at_once(key, content, lambda db: _answer(do(db, fields, **parts), usual))
            prepare = partial(first, fields, **parts)
            return _in_steps(key, content, prepare, lambda db, found: _answer(do(db, found, **parts), usual))

        return _add_rule(operation.blueprint, operation, view)

    return register


def route(
    blueprint: Blueprint,
    method: str,
    path: str,
    responses: Mapping[int, type[BaseModel] | None],
    *refusals: str,
    body: type[RequestModel] | None = None,
    consent: bool = False,
) -> Callable[[View], View]:
    """What sees to its own transactions; the function gets the body, if any, and answers a model or nothing."""

    def register(do: View) -> View:
        operation = _register(
            do,
            method,
            path,
            responses,
            body=body,
            refusals=refusals,
            bearer=blueprint is mini,
            consent=consent,
        )
        usual = next(iter(responses))

        @wraps(do)
        def view(**parts: Any) -> Response:
            _enter(operation)
            answer = do(parsed(body), **parts) if body else do(**parts)
            if answer is None:
                return Response(status=usual)
            return answer if isinstance(answer, Response) else _json(usual, answer.model_dump_json())

        return _add_rule(blueprint, operation, view)

    return register


def parsed(model: type[T]) -> T:
    """What was sent, as this model; raises Refused with what was expected, field by field."""
    if request.mimetype != JSON:
        raise Refused("not_json")
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(one["type"] == "json_invalid" for one in found):
        raise Refused("bad_request")
    expected = [{"field": ".".join(map(str, one["loc"])), "expected": one["msg"]} for one in found]
    raise Refused("invalid", errors=expected)


def idempotency_key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch(KEY, key):
        raise Refused("idempotency_key_missing")
    return key


def fingerprint(content: bytes) -> str:
    """What makes a request another one."""
    return sha256(b"\0".join((request.method.encode(), request.path.encode(), content))).hexdigest()


def _owner(operation: Operation) -> Owner:
    if operation.scope:
        return Owner(bearer.system().id, IntegrationPost)
    return Owner(bearer.current().identity_id)


def _at_once(key: tuple[Owner, str], content: bytes, do: Callable[[Session], KeptResponse]) -> Response:
    with transaction() as db:
        if known := idempotency.begin(db, *key, request=fingerprint(content), at=now()):
            return _replayed(known)
        answer = do(db)
        idempotency.store(db, *key, answer)
    return _sent(answer)


def _in_steps(
    key: tuple[Owner, str], content: bytes, prepare: Callable[[], Any], do: Callable[[Session, Any], KeptResponse]
) -> Response:
    """The key is taken first, so that nothing is prepared twice."""
    with transaction() as db:
        known = idempotency.begin(db, *key, request=fingerprint(content), at=now())
    if known:
        return _replayed(known)
    try:
        found = prepare()
        with transaction() as db:
            answer = do(db, found)
            idempotency.store(db, *key, answer)
    except Exception:
        with transaction() as db:
            idempotency.release(db, *key)
        raise
    return _sent(answer)


def _sent(answer: KeptResponse) -> Response:
    if answer.status < 400:
        return _json(answer.status, answer.body)
    return Response(answer.body, answer.status, mimetype=MEDIA_TYPE)


def _replayed(answer: KeptResponse) -> Response:
    response = _sent(answer)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(result: Any, usual: int) -> KeptResponse:
    """What came of it. A refusal that is returned did something and is kept; a raised one leaves the key free."""
    if isinstance(result, Refused):
        response = errors.refusal(result)
        return KeptResponse(response.status_code, response.get_data(as_text=True))
    model, status = result if isinstance(result, tuple) else (result, usual)
    return KeptResponse(status, model.model_dump_json())


def _register(view: View, method: str, path: str, responses: Mapping[int, Any], **facts: Any) -> Operation:
    operation = Operation(view.__name__, method, path, (view.__doc__ or "").strip(), dict(responses), **facts)
    OPERATIONS.append(operation)
    return operation


def _enter(operation: Operation) -> None:
    if operation.scope:
        bearer.may(operation.scope)
        if operation.keyed:
            rate_limits.bound_system(bearer.system().id)
        return
    if operation.consent and operation.bearer:
        bearer.agreed()
    if operation.keyed:
        rate_limits.bound_posts(bearer.current().identity_id)


def _add_rule(blueprint: Blueprint, operation: Operation, view: View) -> View:
    # A bearer token is sent on purpose and never by a browser of itself, so no other page can use it.
    session.checks_its_own_form(view)
    blueprint.add_url_rule(operation.path, operation.name, view, methods=[operation.method])
    return view


def _json(status: int, text: str) -> Response:
    return Response(text, status, mimetype=JSON)
