import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MessageTemplate:
    """Of one account: the other one does not know it."""

    title: str
    english: str
    fields: Mapping[str, str]
    account: str = "service"


TEMPLATES: Mapping[str, MessageTemplate] = {
    template_id: MessageTemplate(**content)
    for template_id, content in tomllib.loads(Path(__file__).with_name("templates.toml").read_text("utf-8")).items()
}
