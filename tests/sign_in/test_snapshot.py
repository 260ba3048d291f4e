"""WeChat's snapshot mode answers with somebody who does not exist."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.models import WeChatIdentity
from tests.sign_in.trip import WECHAT, query
from tests.support.world import World


def test_a_snapshot_signs_nobody_in_and_leaves_no_row(client: FlaskClient, world: World) -> None:
    inside = {"User-Agent": WECHAT}
    out = client.get("/my", headers=inside).headers["Location"]
    answer = client.get(f"/wechat/signed-in?code=c&state={query(out)['state']}", headers=inside)
    assert answer.status_code == 403
    assert "使用完整服务" in answer.text
    with client.session_transaction() as session:
        assert "identity" not in session
    with world.database.reading() as session:
        assert session.scalar(select(WeChatIdentity).where(WeChatIdentity.openid == "virtual")) is None


@pytest.fixture
def environ(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    body = json.dumps({"access_token": "t", "openid": "virtual", "scope": "snsapi_base", "is_snapshotuser": 1}).encode()

    class Snapshot(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Snapshot) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield {**environ, "WECHAT_API_URL": f"http://127.0.0.1:{server.server_port}"}
        server.shutdown()
        thread.join()
