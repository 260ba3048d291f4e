"""The documents cannot fall behind: every setting and command stands in them, every way they point to exists."""

import re
from pathlib import Path

import click
import pytest
from flask import Flask

from app.paths import ROOT
from tests.conftest import setting_names
from tests.support.tree import files

README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
FLASKS_OWN = {"run", "routes", "shell"}


def test_every_setting_stands_in_the_documents() -> None:
    assert {name for name in setting_names() if f"`{name}`" not in SETTINGS} == set()


def test_every_setting_in_the_documents_is_one() -> None:
    told = set(re.findall(r"`([A-Z][A-Z_]{3,})`", SETTINGS))
    assert told - setting_names() == {"NAME", "NAME_FILE"}


def test_every_command_stands_in_the_readme(app: Flask) -> None:
    commands = {f"flask {path}" for path in paths(app.cli) if path not in FLASKS_OWN}
    english, chinese = README.split("\n---\n")
    assert {command for command in commands if command not in english or command not in chinese} == set()
    assert "flask worker" in commands


def test_every_make_target_in_the_readme_is_one() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = set(re.findall(r"\bmake ([a-z]+)", "\n".join(re.findall(r"`[^`]+`|^    .*$", README, re.MULTILINE))))
    assert told <= targets
    assert {"run", "test", "check", "bench"} <= told


def test_both_halves_of_the_readme_tell_the_same() -> None:
    halves = README.split("\n---\n")
    for told in (
        r"\]\((docs/(?!pictures)[^)]*|[A-Z]+\.md)\)",
        r"`make [a-z-]+`",
        r"[A-Z]+_[A-Z_]+",
        r"(?m)^##",
        r"http://\S+\d",
    ):
        english, chinese = (set(re.findall(told, half)) for half in halves)
        assert english == chinese, told


@pytest.mark.parametrize("document", list(files(".md")), ids=lambda path: path.name)
def test_every_link_of_a_document_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text("utf-8"))
    here = [link for link in links if "://" not in link]
    assert [link for link in here if not (document.parent / link).exists()] == []


def paths(group: click.Group, before: str = "") -> set[str]:
    found, context = set(), click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        path = f"{before} {name}".strip()
        found |= paths(command, path) if isinstance(command, click.Group) else {path}
    return found


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # the documents are the same for every database
