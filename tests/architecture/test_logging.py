"""What the gateway says about its calls stands in the log, as every other line, and names nobody."""

import json
import logging
from collections.abc import Iterator

import pytest

from app.runtime import Runtime
from config.logging import configure
from tests.wechat.conftest import canned, heard
from wechat.errors import WeChatError
from wechat.http import Call, Wire

__all__ = ["canned", "heard"]
SECRET, OPENID = "secret-0123456789", "oNurse0123456789"
CALL = Call("/cgi-bin/message", {"access_token": SECRET}, body={"touser": OPENID}, hide=(SECRET,), person=OPENID)


def test_in_production_every_call_is_one_json_line(
    runtime: Runtime, canned: object, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(runtime.settings.model_copy(update={"env": "production"}))
    calls(canned)
    fine, failed = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (fine["level"], fine["logger"], failed["level"]) == ("info", "wechat.http", "warning")
    assert fine["event"].startswith("POST /cgi-bin/message o#")
    assert "45011" in failed["event"]
    assert set(fine) == {"event", "level", "logger", "timestamp"}


def test_elsewhere_only_trouble_is_said(runtime: Runtime, canned: object, capsys: pytest.CaptureFixture[str]) -> None:
    configure(runtime.settings)
    calls(canned)
    [line] = capsys.readouterr().out.splitlines()
    assert "[warning  ] POST /cgi-bin/message o#" in line


@pytest.mark.parametrize("env", ["test", "production"])
def test_no_secret_and_no_openid_is_in_it(
    env: str, runtime: Runtime, canned: object, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(runtime.settings.model_copy(update={"env": env}))
    calls(canned)
    said = "".join(capsys.readouterr())
    assert "45011" in said
    assert SECRET not in said
    assert OPENID not in said


def test_a_library_that_complains_is_heard_once_with_its_trace(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        configure(runtime.settings.model_copy(update={"env": "production"}))
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("some.library").exception("it failed for %s", "a reason")
    logging.getLogger("some.library").info("chatter")
    out, err = capsys.readouterr()
    line = json.loads(out)
    assert (line["level"], line["event"]) == ("error", "it failed for a reason")
    assert "ValueError: broken" in line["exception"]
    assert err == ""


def calls(canned: object) -> None:
    """One that goes well and one whose answer repeats what it was asked."""
    assert callable(canned)
    Wire(canned({"errcode": 0})).ask(CALL)
    with pytest.raises(WeChatError):
        Wire(canned({"errcode": 45011, "errmsg": f"limit of {OPENID} with {SECRET}"})).ask(CALL)


@pytest.fixture(autouse=True)
def _as_before(runtime: Runtime) -> Iterator[None]:
    yield
    configure(runtime.settings)
