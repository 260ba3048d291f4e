"""The notices a hospital edits: config/notices.toml, read once and checked."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VALUES = frozenset({"number", "category", "place", "moment", "priority"})


@dataclass(frozen=True)
class NoticeKind:
    template: str
    fields: Mapping[str, str]  # field of the template -> one of VALUES


@cache
def notice_kinds() -> Mapping[str, NoticeKind]:
    """Every kind of notice; raises ValueError that names the line's fault."""
    path = Path(__file__).with_name("notices.toml")
    kinds = {name: NoticeKind(**table) for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    for name, kind in kinds.items():
        unknown = set(kind.fields.values()) - VALUES
        if unknown:
            raise ValueError(f"notices.toml [{name}]: {sorted(unknown)} is not known; expected {sorted(VALUES)}")
    return kinds
