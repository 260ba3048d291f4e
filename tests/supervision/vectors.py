"""Facts established by others, see tests/data/README.md."""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / name).read_text("utf-8"))
    return found


CLOCKS = read("sla.json")["vectors"]
CHINA = read("calendar.json")
SCORES = read("score.json")["vectors"]
SAMPLES = read("wilson.json")
OFFICE = CHINA["calendars"]["cn_office"]
