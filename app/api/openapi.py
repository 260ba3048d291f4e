"""`/api/v1/openapi.json`: written from the same operations and models that check every request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app.api.mini import responses
from app.api.mini.requests import RequestModel
from app.api.operations import JSON, KEY, OPERATIONS, Operation, Upload
from app.errors import Refused
from app.http import errors, outages
from app.http.context import runtime
from app.http.problems import MEDIA_TYPE, PREFIX

_REF = "#/components/schemas/{model}"
_PART = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_OF_A_BEARER = ("token_missing", "token_unknown", "token_over", "too_many")
_OF_A_BODY = ("bad_request", "too_large", "not_json", "invalid")
_OF_A_KEY = ("idempotency_key_missing", "idempotency_key_reused", "still_running")
# Of the way a request is made, and so in no table of rules.
_STATUS = {"too_many": 429, "too_large": 413, "not_found": 404}

Schema = dict[str, Any]


blueprint = Blueprint("api_document", __name__, url_prefix=PREFIX)


@blueprint.get("/openapi.json")
def document() -> Response:
    """This document: of the operations that this process has."""
    settings = runtime().settings
    return jsonify(openapi(settings.public_url, settings.surfaces))


@cache
def openapi(public_url: str, surfaces: frozenset[str]) -> Schema:
    paths: dict[str, Schema] = {}
    served = [one for one in OPERATIONS if ("api" if one.scope else "public") in surfaces]
    for operation in served:
        path = _PART.sub(r"{\g<name>}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "码上评 Mashangping", "version": "1"},
        "servers": [{"url": f"{public_url}{PREFIX}"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(served),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "integrationKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "msp_…, made at /console/integrations",
                },
            },
        },
        "security": [{"bearer": []}],
    }


def problems(operation: Operation) -> dict[int, list[str]]:
    """Every code this operation may be refused with, by status."""
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(_codes(operation)):
        status = _STATUS.get(code) or errors.status_of(Refused(code))
        found.setdefault(status, []).append(code)
    return found


def _codes(operation: Operation) -> Iterator[str]:
    yield "bad_request"
    yield outages.code(operation.method, f"{operation.blueprint.name}.{operation.name}")
    yield from operation.refusals
    if operation.bearer:
        yield from _OF_A_BEARER
    else:
        yield "too_many"
    if operation.scope:
        yield "scope_missing"
    if operation.bearer and operation.consent:
        yield "privacy_first"
    if operation.body:
        yield from _OF_A_BODY if not isinstance(operation.body, Upload) else ("too_large", "not_a_file")
    if operation.keyed:
        yield from _OF_A_KEY
    if "<" in operation.path:
        yield "not_found"


def _operation(operation: Operation) -> Schema:
    written: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_parts(operation.path), *([_KEY_HEADER] if operation.keyed else [])],
        "responses": {str(status): answer for status, answer in sorted(_answers(operation))},
    }
    if operation.body:
        written["requestBody"] = {"required": True, "content": _body(operation.body)}
    if not operation.bearer:
        written["security"] = []
    if operation.scope:
        written["security"] = [{"integrationKey": []}]
        written["description"] = f"Scope: {operation.scope}"
    return written


def _answers(operation: Operation) -> Iterator[tuple[int, Schema]]:
    for status, model in operation.responses.items():
        answer: Schema = {"description": HTTPStatus(status).phrase}
        if isinstance(model, str):
            answer["content"] = {model: {"schema": {"type": "string", "contentMediaType": model}}}
        elif model is not None:
            answer["content"] = {JSON: {"schema": _ref(model)}}
        yield status, answer
    for status, codes in problems(operation).items():
        schema = {
            **_ref(responses.Problem),
            "properties": {"code": {"enum": sorted(codes)}, "status": {"const": status}},
        }
        yield status, {"description": ", ".join(sorted(codes)), "content": {MEDIA_TYPE: {"schema": schema}}}


def _body(body: type[RequestModel] | Upload) -> Schema:
    if not isinstance(body, Upload):
        return {JSON: {"schema": _ref(body)}}
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    form = {"type": "object", "properties": {body.field: file}, "required": [body.field]}
    return {"multipart/form-data": {"schema": form, "encoding": {body.field: {"contentType": "image/jpeg, image/png"}}}}


def _parts(path: str) -> Iterator[Schema]:
    for part in _PART.finditer(path):
        kind = (
            {"type": "integer", "minimum": 0} if part["kind"] in {"int", "id"} else {"type": "string", "minLength": 1}
        )
        yield {"name": part["name"], "in": "path", "required": True, "schema": kind}


def _schemas(operations: Sequence[Operation]) -> Mapping[str, Schema]:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(responses.Problem, "serialization"): None}
    for operation in operations:
        if operation.body and not isinstance(operation.body, Upload):
            models[operation.body, "validation"] = None
        for model in operation.responses.values():
            if model is not None and not isinstance(model, str):
                models[model, "serialization"] = None
    _, definitions = models_json_schema(list(models), ref_template=_REF)
    return definitions["$defs"]  # type: ignore[no-any-return]


def _ref(model: type[BaseModel]) -> Schema:
    return {"$ref": _REF.format(model=model.__name__)}


_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new one for each tap; the same one when the same request is sent again",
    "schema": {"type": "string", "pattern": KEY},
}
