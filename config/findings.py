"""What engineers choose from when they finish a ticket: config/findings.toml, read once and checked whole."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass

from config.files import CLOSED, Text, read_file
from config.touchpoints import Code


@dataclass(frozen=True, config=CLOSED)
class Finding:
    zh: Text
    en: Text
    services: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def fits(self, codes: Sequence[str]) -> bool:
        """Offered for a service of this code, under headings of these."""
        return not self.services or not set(self.services).isdisjoint(codes)


@dataclass(frozen=True, config=CLOSED)
class Findings:
    causes: Mapping[Code, Finding]
    solutions: Mapping[Code, Finding]


@cache
def findings() -> Findings:
    """Raises BadFile that names what is wrong."""
    return read_findings(Path(__file__).with_name("findings.toml"))


def read_findings(path: Path) -> Findings:
    return read_file(path, Findings)
