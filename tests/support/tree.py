"""The project's own files, as they lie on disk."""

from collections.abc import Iterator
from pathlib import Path

from app.paths import ROOT

NOT_OURS = {"var", "build", "node_modules", "__pycache__"}
HIDDEN_BUT_OURS = {".ci", ".gitignore"}


def files(*suffixes: str, under: str = ".") -> Iterator[Path]:
    """Every file with one of these endings; all files when none is given."""
    for path in sorted((ROOT / under).rglob("*")):
        if path.is_file() and (not suffixes or path.suffix in suffixes) and _ours(path.relative_to(ROOT)):
            yield path


def _ours(path: Path) -> bool:
    hidden = {part for part in path.parts if part.startswith(".")}
    return hidden <= HIDDEN_BUT_OURS and not NOT_OURS & set(path.parts)
