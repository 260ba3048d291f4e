"""What docs/deploy has: every setting is one, every command is understood by the program it names."""

import re
import shlex
from pathlib import Path

import pytest
from granian.cli import cli

from app.paths import ROOT
from tests.conftest import setting_names

FOLDER = ROOT / "docs" / "deploy"
UNITS = sorted(FOLDER.glob("*.service"))
NOT_OURS = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "PATH"}


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda file: file.name)
def test_every_setting_is_one_and_the_page_names_the_file(file: Path) -> None:
    text = "\n".join(line for line in file.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    named = set(re.findall(r"\b([A-Z][A-Z_]{3,}[A-Z])(?:_FILE)?(?=[=:][^/])", text))
    assert named - setting_names() <= NOT_OURS
    assert f"deploy/{file.name}" in (ROOT / "docs" / "deploy.md").read_text("utf-8")


@pytest.mark.parametrize("line", [*UNITS, ROOT / "README.md", FOLDER / "compose.yaml"], ids=lambda path: path.name)
def test_granian_understands_how_it_is_started(line: Path) -> None:
    text = line.read_text("utf-8")
    found = re.findall(r"(?:/bin/|=512 )granian (--.*?wsgi:app)", text)
    found += [" ".join(re.findall(r'[^\s,"]+', one)) for one in re.findall(r"\[granian, (--.*?)\]", text, re.DOTALL)]
    assert found or "worker" in line.name
    for command in found:
        arguments = shlex.split(command.replace("%i", "8001"))
        context = cli.make_context("granian", arguments)
        assert context.params["respawn_failed_workers"]
        assert context.params["app"] == "wsgi:app"


def test_nginx_takes_requests_whole_and_says_who_asked() -> None:
    text = (FOLDER / "nginx.conf").read_text("utf-8")
    for line in (
        "proxy_request_buffering on;",
        "proxy_buffering on;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "client_body_timeout 10s;",
    ):
        assert line in text
    assert "non_idempotent" not in text
