import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.environment import NotASandboxPlace, check_environment
from tests.sandbox.conftest import CREDENTIALS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"APP_ENV": ""},
        {"APP_ENV": "production"},
        {"APP_ENV": "demo", "WECHAT_SERVICE_APPID": "wx1234567890abcdef"},
        {"APP_ENV": "test", "WECHAT_SERVICE_APPID": "wxsandboxservice01", "WECHAT_MINI_APPID": "wx12"},
        {"APP_ENV": "test", "WECOM_CORPID": "ww1234567890abcdef"},
    ],
)
def test_the_sandbox_refuses_a_place_with_real_accounts(environ: dict[str, str]) -> None:
    with pytest.raises(NotASandboxPlace):
        check_environment(environ)


def test_an_appid_in_a_file_counts_too(tmp_path: Path) -> None:
    appid = tmp_path / "appid"
    environ = {"APP_ENV": "demo", "WECHAT_SERVICE_APPID_FILE": str(appid)}
    appid.write_text("wxsandboxservice01\n", "utf-8")
    check_environment(environ)
    appid.write_text("wx1234567890abcdef\n", "utf-8")

    with pytest.raises(NotASandboxPlace, match="WECHAT_SERVICE_APPID_FILE"):
        check_environment(environ)


@pytest.mark.parametrize(
    "environ",
    [
        {"WECHAT_SERVICE_APPID": ""},
        {"WECHAT_SERVICE_SECRET": "x"},
        {"APPID": "wx12"},
        {"WECOM_CORPID": "wwsandboxcorp01"},
        {"WECOM_SECRET": "x"},
    ],
)
def test_the_sandbox_accepts_demo_and_test_without_real_accounts(environ: dict[str, str]) -> None:
    for place in ("demo", "test"):
        check_environment({"APP_ENV": place, **environ})


def test_the_command_refuses_production_with_a_sentence_and_status_1() -> None:
    ended = subprocess.run(
        command(), env={**os.environ, "APP_ENV": "production"}, cwd=ROOT, capture_output=True, text=True, timeout=30
    )

    assert ended.returncode == 1
    assert ended.stderr == (
        "The WeChat sandbox starts only with APP_ENV=demo or APP_ENV=test; APP_ENV is production.\n"
    )
    assert ended.stdout == ""


@pytest.mark.slow("processes of its own")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_is_keeps_its_state_and_stops_cleanly(stop: signal.Signals, tmp_path: Path) -> None:
    tokens = set()
    for _ in range(2):
        with subprocess.Popen(
            command("--data-dir", str(tmp_path / "new")),
            env={**os.environ, "APP_ENV": "test", "PYTHONIOENCODING": "utf-8"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as sandbox:
            assert sandbox.stdout
            url = sandbox.stdout.readline().strip().rpartition(" ")[2]
            answer = requests.post(f"{url}/cgi-bin/stable_token", json=CREDENTIALS, timeout=5)
            tokens.add(answer.json()["access_token"])
            sandbox.send_signal(stop)
            _, complaints = sandbox.communicate(timeout=10)
            assert (sandbox.returncode, complaints) == (0, "")

    assert len(tokens) == 1


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", "--port", "0", "--app-url", "http://localhost:18999", *options]
