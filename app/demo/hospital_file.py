"""hospital.toml: names, catalogue and comments of the demo, read once and checked whole."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Strict
from pydantic.dataclasses import dataclass

from config.files import CLOSED, BadFile, Count, Expected, Text, read_file

Texts = Annotated[tuple[Text, ...], Expected("a list of texts", bool)]
Words = Annotated[
    tuple[str, ...], BeforeValidator(lambda text: str(text).split()), Expected("names parted by spaces", bool)
]
Share = Annotated[float, Strict(), Expected("a share from 0.0 to 1.0", lambda share: 0 <= share <= 1)]
ByLevel = Annotated[
    Mapping[int, Texts],
    Expected("a list of texts for each level from 1 to 5", lambda texts: set(texts) == {1, 2, 3, 4, 5}),
]


@dataclass(frozen=True, config=CLOSED)
class Service:
    """One line of the catalogue: its faults, the team that comes, how often it is called and settled from afar."""

    group: Text
    name: Text
    team: Text
    calls: Count
    remote: Share
    faults: Texts


@dataclass(frozen=True, config=CLOSED)
class Names:
    family: Text  # one character each
    given: Words


@dataclass(frozen=True, config=CLOSED)
class Telling:
    names: Names
    comments: ByLevel
    groups: Mapping[str, Text]
    services: Mapping[str, Service]


@cache
def telling() -> Telling:
    """Raises BadFile that names what is wrong."""
    return read_hospital(Path(__file__).with_name("hospital.toml"))


def read_hospital(path: Path) -> Telling:
    file = read_file(path, Telling)
    for code, service in file.services.items():
        if service.group not in file.groups:
            expected = ", ".join(file.groups)
            raise BadFile(f"{path.name} [services.{code}] group: expected one of {expected}")
    return file
