"""What tests turn and read; no part of WeChat."""

from dataclasses import asdict, fields
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from sandbox.knobs import Knob
from sandbox.state import state

control = Blueprint("control", __name__, url_prefix="/sandbox")

_KNOB_NAMES = {field.name for field in fields(Knob)}


@control.post("/knobs")
def turn() -> tuple[Response, int]:
    wanted = request.get_json()
    path = wanted.pop("path", None) if isinstance(wanted, dict) else None
    if not isinstance(path, str) or not path.startswith("/") or not wanted.keys() <= _KNOB_NAMES:
        return jsonify(error=f"expected a path and any of {', '.join(sorted(_KNOB_NAMES))}"), 400
    knob = Knob(**wanted)
    state().knobs.turn(path, knob)
    return jsonify(path=path, **asdict(knob)), 200


@control.get("/messages")
def messages() -> Response:
    delivered = [
        # As text, since 64 bits are too many for some readers of JSON.
        {**asdict(message), "msgid": str(message.msgid), "at": datetime.fromtimestamp(message.at, UTC).isoformat()}
        for message in state().store.messages()
    ]
    return jsonify(messages=delivered)


@control.get("/calls")
def calls() -> Response:
    return jsonify(state().knobs.calls())
