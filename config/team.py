"""What the organisation chart says of dress: config/team.toml, read once and checked whole."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass

from config.files import CLOSED, Text, read_file

EVERYBODY = "everybody"


@dataclass(frozen=True, config=CLOSED)
class Dress:
    zh: Text
    en: Text

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, config=CLOSED)
class TeamFile:
    dress: Mapping[str, Dress]

    def for_post(self, post: str | None) -> Dress | None:
        return self.dress.get(post or EVERYBODY) or self.dress.get(EVERYBODY)


@cache
def team_file() -> TeamFile:
    """Raises BadFile that names what is wrong."""
    return read_team(Path(__file__).with_name("team.toml"))


def read_team(path: Path) -> TeamFile:
    return read_file(path, TeamFile)
