"""hospital.toml: names, catalogue and comments of the demo, read once."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Service:
    """One line of the catalogue: its faults, the team that comes, how often it is called and settled from afar."""

    group: str
    name: str
    team: str
    calls: int
    remote: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Telling:
    family_names: str
    given_names: tuple[str, ...]
    comments: dict[int, tuple[str, ...]]  # by level
    groups: dict[str, str]
    services: dict[str, Service]


@cache
def telling() -> Telling:
    tables = tomllib.loads(Path(__file__).with_name("hospital.toml").read_text(encoding="utf-8"))
    return Telling(
        family_names=tables["names"]["family"],
        given_names=tuple(tables["names"]["given"].split()),
        comments={int(level): tuple(texts) for level, texts in tables["comments"].items()},
        groups=tables["groups"],
        services={code: Service(**table) for code, table in tables["services"].items()},
    )
