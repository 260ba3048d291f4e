"""The document itself: OpenAPI 3.1, and every door of the API in it."""

import re
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from schemathesis.specs.openapi.definitions import OPENAPI_31

from app.api.openapi import problems
from app.api.operations import OPERATIONS
from app.paths import ROOT
from app.texts.refusals import TEXTS
from tests.support.phone import code, document


def test_it_is_openapi_as_its_authors_define_it(client: FlaskClient) -> None:
    jsonschema_rs.validator_for(OPENAPI_31).validate(document(client))


def test_every_schema_it_names_is_in_it(client: FlaskClient) -> None:
    found = document(client)
    named = set(re.findall(r"#/components/schemas/(\w+)", client.get("/api/v1/openapi.json").text))
    assert named <= found["components"]["schemas"].keys()
    assert len(named) > 20


def test_every_door_of_the_api_is_in_it_and_no_other(client: FlaskClient, app: Flask) -> None:
    doors = {
        (re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/v1/") and method not in {"HEAD", "OPTIONS"}
    }
    written = {(path, verb.upper()) for path, verbs in document(client)["paths"].items() for verb in verbs}
    assert doors - written == {("/openapi.json", "GET")}
    assert written <= doors


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_refusal_of_it_has_words(operation: Any) -> None:
    codes = {code for found in problems(operation).values() for code in found}
    assert codes - TEXTS.keys() <= {"too_many", "too_large", "not_found"}


def test_every_operation_says_what_it_is_for(client: FlaskClient) -> None:
    operations = [one for verbs in document(client)["paths"].values() for one in verbs.values()]
    assert [one["operationId"] for one in operations if not one["summary"]] == []
    assert len({one["operationId"] for one in operations}) == len(operations)


def test_every_code_stands_in_the_page_for_whoever_writes_the_mini_program() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    codes = {code for operation in OPERATIONS for found in problems(operation).values() for code in found}
    assert {code for code in codes if f"`{code}`" not in page} == set()
    paths = {re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", operation.path) for operation in OPERATIONS}
    assert {path for path in paths if path not in page} == set()


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("GET", "/api/v1", (404, "not_found")),
        ("GET", "/api/v1/nowhere", (404, "not_found")),
        ("PUT", "/api/v1/me", (405, "not_allowed_here")),
        ("GET", "/api/v1/me%00", (400, "bad_request")),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_form(
    client: FlaskClient, method: str, path: str, refusal: tuple[int, str]
) -> None:
    answer = client.open(path, method=method)
    assert code(answer) == refusal
    assert answer.json is not None
    assert answer.json["see"] == "/api/v1/openapi.json"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # the document is the same for every database
