"""How long the hospital takes for what its users bring up: config/cases.toml, read once and checked whole."""

from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Count, Text, read_file
from config.holidays import Day
from config.sla import Code, LimitText, service_levels


@dataclass(frozen=True, config=CLOSED)
class CaseLimits:
    since: Day
    calendar: Code
    call: LimitText
    answer: LimitText
    close: LimitText
    silence: LimitText
    calls: Count


@dataclass(frozen=True, config=CLOSED)
class CaseRules:
    quality_posts: tuple[Text, ...]
    versions: tuple[CaseLimits, ...]

    def on(self, day: date) -> CaseLimits:
        """For what was opened that day; the first where it was opened before any."""
        return next((one for one in reversed(self.versions) if one.since <= day), self.versions[0])


@cache
def case_rules() -> CaseRules:
    """Raises BadFile that names what is wrong."""
    return read_case_rules(Path(__file__).with_name("cases.toml"))


def read_case_rules(path: Path) -> CaseRules:
    found = read_file(path, CaseRules)
    if not found.versions or any(one.since >= other.since for one, other in pairwise(found.versions)):
        raise BadFile(f"{path.name} versions: expected one at least, each of a later day than the one above")
    known = service_levels().calendars
    for version in found.versions:
        if version.calendar not in known:
            raise BadFile(f"{path.name} calendar: expected one of {', '.join(known)}, not {version.calendar}")
    return found
