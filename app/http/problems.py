"""Refusals as problem+json (RFC 9457): a stable code, the sentence for people, the facts."""

import json
from collections.abc import Mapping

from flask import Response, request

PREFIX = "/api/v1"
DOCUMENT = f"{PREFIX}/openapi.json"
MEDIA_TYPE = "application/problem+json"
# What a refusal is called that comes from the way the request was made, and not from a rule.
CODES = {
    400: "bad_request",
    401: "token_missing",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed_here",
    413: "too_large",
    415: "not_json",
    429: "too_many",
    500: "our_fault",
}


def asked_here() -> bool:
    """Whether whoever asks is a program that reads problem+json."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def problem(status: int, code: str, *, title: str, detail: str, facts: Mapping[str, object]) -> Response:
    body = {
        **facts,
        "type": f"urn:mashangping:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    answer = Response(json.dumps(body, ensure_ascii=False, default=str), status, mimetype=MEDIA_TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
