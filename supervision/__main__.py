"""python -m supervision clock|score|interval FILE

One line of JSON for each of the file's `vectors`: `{"id", "got"}`. Exit status 0, 1 where one could not be read (its
`got` is null and the reason stands on standard error), 2 wrong use.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervision.calendar import Calendar, Malformed
from supervision.reading import clock, interval, sheet


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m supervision", description="时钟、评分、区间。 Clock, score, interval."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in {
        "clock": "服务级别时钟。 Clocks of service levels.",
        "score": "季度评分与结算。 Scores and settlements.",
        "interval": "95 % 置信区间。 Wilson intervals.",
    }.items():
        command = commands.add_parser(name, help=about)
        command.add_argument("file", type=Path, help="JSON 文件。 A file with `vectors`.")
    options = parser.parse_args()
    try:
        file = json.loads(options.file.read_text("utf-8"))
        vectors, named = list(file["vectors"]), dict(file.get("calendars") or {})
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        parser.error(f"{options.file} 读不了。 It cannot be read: {error}")
    answers: dict[str, Callable[[Any], object]] = {"clock": _Clocks(named), "score": sheet, "interval": interval}
    return _answer_all(vectors, answers[options.command])


def _answer_all(vectors: list[Any], answer: Callable[[Any], object]) -> int:
    status = 0
    for number, vector in enumerate(vectors):
        name = vector.get("id", number) if isinstance(vector, dict) else number
        got: object = None
        try:
            got = answer(vector)
        except (Malformed, LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 this is a command
            status = 1
        print(json.dumps({"id": name, "got": got}, ensure_ascii=False))  # noqa: T201
    return status


class _Clocks:
    """Calendars are named, or stand in the question itself; each is laid out once."""

    def __init__(self, named: dict[str, Any]) -> None:
        self._named = named
        self._calendars: dict[str, Calendar] = {}

    def __call__(self, vector: Any) -> object:
        calendar = vector["calendar"]
        if isinstance(calendar, dict):
            return clock(vector, self._calendar(json.dumps(calendar, sort_keys=True), calendar))
        if calendar not in self._named:
            raise Malformed(f"no calendar is called {calendar}")
        return clock(vector, self._calendar(calendar, self._named[calendar]))

    def _calendar(self, key: str, fields: dict[str, Any]) -> Calendar:
        if key not in self._calendars:
            self._calendars[key] = Calendar(fields)
        return self._calendars[key]


if __name__ == "__main__":
    sys.exit(main())
