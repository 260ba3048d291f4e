"""Draws to check a verifier with, good and spoilt, each with the verdict it must get: `tests/data/draws.json`.

`python -m tests.draws.vectors` writes it anew, after a new lie was added to `spoilt_draws`.
"""

import json
import shutil
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any

from app.paths import ROOT
from tests.draws.second_verifier import packed
from tests.draws.spoilt_draws import SPOILT, elsewhere
from tests.lottery.bundles import Bundle

PATH = ROOT / "tests" / "data" / "draws.json"
UNREADABLE = "files: can be read"  # a folder in a file's place: nothing that a table of files can hold


def made(folder: Path) -> dict[str, Any]:
    """One good draw whole; of every other only the files that differ, `null` for one that is not there."""
    (folder / "whole").mkdir()
    whole = Bundle(folder / "whole").whole()
    good = packed(whole.folder)
    spoilt = []
    for said, (spoil, lie) in {**SPOILT, **dict(_numbered())}.items():
        if lie != UNREADABLE:
            shutil.copytree(whole.folder, folder / "spoilt")
            spoil(Bundle(folder / "spoilt", whole.told, leaves=whole.leaves))
            here = packed(folder / "spoilt")
            changed = {name: here.get(name) for name in sorted({**good, **here}) if here.get(name) != good.get(name)}
            spoilt.append({"name": said, "first_lie": lie, "changed": changed})
            shutil.rmtree(folder / "spoilt")
    return {"good": dict(sorted(good.items())), "spoilt": spoilt}


def _numbered() -> list[tuple[str, Any]]:
    return [(f"{number}: {told[1]}", told) for number, told in enumerate(elsewhere(), 1)]


def unpack(told: dict[str, Any], changed: dict[str, str | None], folder: Path) -> Path:
    """The files of one of them."""
    folder.mkdir()
    for name, content in {**told["good"], **changed}.items():
        if content is not None:
            (folder / name).write_bytes(b64decode(content))
    return folder


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        PATH.write_text(json.dumps(made(Path(folder)), ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
