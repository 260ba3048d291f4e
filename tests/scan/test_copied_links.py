"""Links as people copy them out of a chat, a mail or a text: the page all the same."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from app import clock
from app.http.copied_links import shortened
from app.models import Asset
from app.runtime import Runtime
from app.services.codes import slip_pads
from tests.conftest import Phone
from tests.support.world import World

HANGING = (
    "/",
    "//",
    ".",
    ")",
    "）",
    "。",
    "，请评价",
    "请评价",
    " ",
    "\u3000",
    "\u200b",
    "\r\n",
    "&from=singlemessage",
    "&from=groupmessage&isappinstalled=0",
    "/&from=singlemessage",
    "?from=timeline",  # its question mark escaped
    "/?a=b/c",
    "#wechat_redirect",
    '">码上评</a>',
    "]",
    "*",
    "请评价https://rating.example/r/x",
)
BEFORE = (" ", "<", "“", "/")

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("kind", ["r", "w", "a", "s", "bind"])
def test_what_hangs_on_to_a_token_changes_nothing(
    kind: str, client: FlaskClient, runtime: Runtime, world: World
) -> None:
    path = PATHS[kind](runtime, world)
    assert path.startswith(f"/{kind}/")
    plain = seen(client, path)
    assert plain[0] in {200, 302}
    assert {hanging: seen(client, path + quote(hanging, safe="/&")) for hanging in HANGING} == dict.fromkeys(
        HANGING, plain
    )


def test_nor_what_stands_before_it(client: FlaskClient, runtime: Runtime, world: World) -> None:
    path = PATHS["r"](runtime, world)
    for before in BEFORE:
        assert client.get(path.replace("/r/", "/r/" + quote(before, safe="/"))).status_code == 200


def test_the_form_of_such_a_page_is_the_clean_ones(world: World, runtime: Runtime, phone: Phone) -> None:
    path = PATHS["r"](runtime, world)
    assert f'action="{path}/rate"' in phone(world.nurse_identity).get(path + ")&from=singlemessage").text


def test_a_page_under_the_token_stays_one(client: FlaskClient, runtime: Runtime, world: World) -> None:
    path = PATHS["r"](runtime, world)
    assert [client.get(path + part).status_code for part in ("/rate", "/nothing")] == [405, 404]


def test_a_wrong_token_stays_wrong(client: FlaskClient, runtime: Runtime, world: World) -> None:
    path = PATHS["r"](runtime, world)
    wrong = path[:-1] + ("A" if path[-1] != "A" else "Q")
    assert {client.get(wrong + part).status_code for part in ("", ")", "/", "&from=singlemessage")} == {404}
    assert client.get(path[:-1] + ")").location == path[:-1]
    assert client.get(path[:-1]).status_code == 404


@pytest.mark.parametrize("path", ["/my", "/report", "/draws", "/console", "/my/receipts/h001-2026q4"])
def test_other_addresses_are_shortened_where_they_lead_nowhere(path: str, client: FlaskClient) -> None:
    plain = seen(client, path)
    for hanging in ("/", ".", "）", "。", " ", "&from=singlemessage", "/&from=timeline"):
        copied = seen(client, path + quote(hanging, safe="/&"))
        assert copied == (302, path) or copied[0] == plain[0]


def test_nobody_is_sent_elsewhere(client: FlaskClient) -> None:
    for path in ("//evil.example&", "/\\evil.example&", "//evil.example/.", "/&", "/."):
        assert client.get(path).location is None


def test_what_cannot_be_shortened_is_missing(client: FlaskClient) -> None:
    assert shortened("/nowhere") is None
    assert client.get("/nowhere").status_code == 404
    assert client.post("/nowhere)").status_code in {403, 404}


def seen(client: FlaskClient, path: str) -> tuple[int, str | None]:
    answer = client.get(path)
    return answer.status_code, answer.location


def _label(runtime: Runtime, world: World) -> str:
    with world.database.transaction() as session:
        session.add(printer := Asset(tag="PRN-0032", name="激光打印机"))
        session.flush()
        return runtime.links.label_path("asset", printer.id)


def _slip(runtime: Runtime, world: World) -> str:
    with world.database.transaction() as session:
        return runtime.links.slip_path(slip_pads.reserve(session, 1, by=None, at=clock.now()).first)


PATHS: dict[str, Callable[[Runtime, World], str]] = {
    "r": lambda runtime, world: runtime.links.ticket_path(world.ticket("finished").id),
    "w": lambda runtime, world: runtime.links.ward_path(world.ward.id),
    "a": _label,
    "s": _slip,
    "bind": lambda runtime, world: "/bind/" + runtime.links.invitation_token(1),
}
