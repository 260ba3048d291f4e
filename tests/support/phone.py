"""The mini-program on somebody's phone; every answer it gets is held against the document, status, code and all."""

import json
import re
import secrets
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any

import jsonschema_rs
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app import clock
from app.models import Person, WeChatIdentity
from app.services.identity import api_sessions
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from sandbox.accounts import MINI
from tests.support.world import World

PREFIX = "/api/v1"


@dataclass
class Phone:
    client: FlaskClient
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)

    def get(self, path: str) -> TestResponse:
        return self.ask("GET", path)

    def delete(self, path: str) -> TestResponse:
        return self.ask("DELETE", path)

    def post(self, path: str, told: object = None, *, key: str | None = None, **more: Any) -> TestResponse:
        """With a new Idempotency-Key if none is given; "" sends none."""
        headers = {"Idempotency-Key": secrets.token_hex(8) if key is None else key} if key != "" else {}
        body = more or {"json": told}
        return self.ask("POST", path, headers=headers, **body)

    def upload(self, path: str, content: bytes, *, key: str | None = None, name: str = "photo") -> TestResponse:
        file = FileStorage(BytesIO(content), "wx-file.jpg", content_type="image/jpeg")
        boundary, data = encode_multipart({name: file})
        return self.post(path, key=key, data=data, content_type=f"multipart/form-data; boundary={boundary}")

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        bearer = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        answer = self.client.open(PREFIX + path, method=method, headers={**bearer, **(headers or {})}, **more)
        check(document(self.client), method, path, answer)
        return answer

    def sign_in(self, code: str) -> TestResponse:
        answer = self.post("/sessions", {"code": code}, key="")
        if answer.status_code == 201:
            self.keep(answer)
        return answer

    def renew(self) -> TestResponse:
        answer = self.post("/sessions/refresh", {"refresh_token": self.refresh}, key="")
        if answer.status_code == 200:
            self.keep(answer)
        return answer

    def keep(self, answer: TestResponse) -> None:
        self.access, self.refresh = answer.json["access_token"], answer.json["refresh_token"]  # type: ignore[index]

    def scan(self, token: str) -> dict[str, Any]:
        answer = self.get(f"/scan/{token}")
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json  # type: ignore[assignment]
        return seen

    def rate(self, token: str, level: object, **more: Any) -> TestResponse:
        """Scans, then taps."""
        key = more.pop("key", None)
        return self.post(f"/scan/{token}/rating", {"form": self.scan(token)["form"], "level": level, **more}, key=key)


def bearer(world: World, person: Person | None = None) -> str:
    """A new session of a new WeChat user, bound or not."""
    with world.database.transaction() as session:
        seen = clock.now()
        identity = WeChatIdentity(
            appid=MINI.appid,
            openid=f"oMini-{secrets.token_hex(8)}",
            person_id=person.id if person else None,
            privacy_version=PRIVACY_VERSION,
            first_seen_at=seen,
        )
        session.add(identity)
        session.flush()
        return api_sessions.begin(session, identity.id, at=seen).access


def told(answer: TestResponse) -> dict[str, Any]:
    found = answer.get_json()
    assert isinstance(found, dict), answer.text
    return found


def code(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.mimetype == "application/problem+json", answer.text
    return answer.status_code, told(answer)["code"]


def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_document(client.get(f"{PREFIX}/openapi.json").text))
    return found


@cache
def _document(text: str) -> str:
    return text


def check(known: dict[str, Any], method: str, path: str, answer: TestResponse) -> None:
    """Nothing is answered that is not written down."""
    operation = next(
        operations[method.lower()]
        for written, operations in known["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", written), path) and method.lower() in operations
    )
    written = operation["responses"].get(str(answer.status_code))
    assert written, f"{method} {path} answered {answer.status_code}: {answer.text}"
    if "content" not in written:
        assert answer.data == b""
        return
    assert answer.mimetype in written["content"], answer.mimetype
    schema = written["content"][answer.mimetype]["schema"]
    if str(answer.mimetype).endswith("json"):
        jsonschema_rs.Draft202012Validator({**schema, "components": known["components"]}).validate(answer.get_json())
