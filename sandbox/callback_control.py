"""Pushes on demand, good and evil, for tests and for whoever wants to see what the app does with them."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from sandbox.accounts import ACCOUNTS
from sandbox.phones import PHONES
from sandbox.pushes import EVILS, MODES, SECURE, sealed_push
from sandbox.state import state

callback_control = Blueprint("callback_control", __name__, url_prefix="/sandbox")

_EXPECTED = (
    f"expected account ({', '.join(ACCOUNTS)}), fields (an object), and maybe phone, openid,"
    f" mode ({', '.join(MODES)}), form (xml, json), evil ({', '.join(EVILS)}), times"
)


@callback_control.post("/push")
def push() -> tuple[Response, int]:
    """Send now and answer what the app said to each try; `times` sends the same body again as a replay would."""
    body = request.get_json()
    if not _understood(body):
        return jsonify(error=_EXPECTED), 400
    account = ACCOUNTS[body["account"]]
    phone = PHONES.get(body.get("phone", "nurse"))
    made = sealed_push(
        account,
        body["fields"],
        openid=body.get("openid") or (phone.openid if phone else ""),
        now=state().clock(),
        mode=body.get("mode", SECURE),
        form=body.get("form", ""),
        evil=body.get("evil", ""),
    )
    sent = [state().pushes.now(made) for _ in range(body.get("times", 1))]
    return jsonify(pushes=[asdict(one) for one in sent]), 200


@callback_control.get("/pushes")
def pushes() -> Response:
    """Newest first."""
    return jsonify(pushes=[asdict(sent) for sent in state().pushes.sent()])


def _understood(body: object) -> bool:
    return (
        isinstance(body, dict)
        and body.get("account") in ACCOUNTS
        and isinstance(body.get("fields"), dict)
        and body.get("mode", SECURE) in MODES
        and body.get("form", "") in {"", "xml", "json"}
        and body.get("evil", "") in {"", *EVILS}
        and body.get("times", 1) in range(1, 101)
    )
