"""An environment as a source of settings: each NAME, or what lies in the file that NAME_FILE points to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class Environment(PydanticBaseSettingsSource):
    """What is empty is not set; `faults` says by name which files cannot be used."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._environ = environ
        self.faults: dict[str, str] = {}

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = {name: value for value, name, _ in (self.get_field_value(field, key) for key, field in fields)}
        return {name: value for name, value in found.items() if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str, str, bool]:
        name = field.alias or field_name
        return self._read(name), name, False

    def _read(self, name: str) -> str:
        path = self._environ.get(f"{name}_FILE")
        if not path:
            return self._environ.get(name, "").strip()
        if name in self._environ:
            self.faults[name] = f"{name} and {name}_FILE are both set; one was expected"
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults[name] = f"{name}_FILE cannot be read: {type(error).__name__}"
            return ""
