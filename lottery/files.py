"""Reads the published files of a draw and refuses whatever it does not know: a rule nobody knows is a hidden rule."""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

Fields = dict[str, Any]

HEX32 = re.compile("[0-9a-f]{64}")
HEX32_OR_NONE = re.compile("([0-9a-f]{64})?")
TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")
LINES = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]+")
LINES_OR_NONE = re.compile(f"({LINES.pattern})?")
ASCII_LINES = re.compile(r"[\n -~]+")
DRAW_ID = re.compile("[a-z0-9-]{3,40}")
ID = re.compile("[a-z0-9-]{1,40}")
# Written in one way only: another spelling of the same issue would be another seed.
ISSUE = re.compile("[1-9][0-9]{0,19}")
VALUE = re.compile("[ -~]{1,200}")
# A year outside would pass the end of the calendar when a day is added.
MOMENT = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
DEEPEST = 16  # lists and objects in each other; the forms below need six
STATE = re.compile("claimed|waived|ineligible|expired")

# A pattern is a text of that form, int a whole number from 0, [x] a list of x, {...} an object with just these keys;
# a key that ends with ? may be left out.
_SOURCE = {"id": ID, "issue": ISSUE, "drawn_at": MOMENT, "rule": LINES}
ANNOUNCEMENT = {
    "scheme": TEXT,
    "draw_id": DRAW_ID,
    "organiser": {"name": TEXT, "contact": TEXT},
    "eligibility": LINES,
    "ticket_rule": LINES,
    "cap": int,
    "tiers": [{"tier": int, "name": TEXT, "prize": TEXT, "value_fen": int, "count": int}],
    "opens": MOMENT,
    "closes": MOMENT,
    "commit_by": MOMENT,
    "objections_until": MOMENT,
    "sources": [_SOURCE],
    "fallback": LINES,
    "claim_until": MOMENT,
    "redraw_sources": [_SOURCE],
    "redraw_rounds_max": int,
    "exclusions": LINES,
    "key_commitment": HEX32,
    "operator_key": HEX32,
    "privacy": LINES,
    "tax": LINES,
}
COMMIT = {
    "scheme": TEXT,
    "draw_id": DRAW_ID,
    "version": int,
    "announcement_sha256": HEX32,
    "entries": int,
    "tickets": int,
    "root": HEX32,
    "leaves_sha256": HEX32,
    "by_department": [{"department": TEXT, "entries": int}],
    "excluded": [{"reason": TEXT, "count": int}],
    "committed_at": MOMENT,
}
_WINNER = {
    "rank": int,
    "entry": HEX32,
    "ticket": int,
    "score": HEX32,
    "index": int,
    "tickets": int,
    "proof": [HEX32],
}
RESULT = {
    "scheme": TEXT,
    "draw_id": DRAW_ID,
    "round": int,
    "commit_version": int,
    "commit_sha256": HEX32,
    "sources": [{"id": ID, "issue": ISSUE, "value": VALUE, "replaces?": ISSUE}],
    "seed_text": ASCII_LINES,
    "seed": HEX32,
    "excluded": [HEX32],
    "tiers": [{"tier": int, "cutoff": HEX32_OR_NONE, "winners": [_WINNER]}],
    "decided_at": MOMENT,
}
CLAIMS = {
    "scheme": TEXT,
    "draw_id": DRAW_ID,
    "claims": [{"round": int, "tier": int, "entry": HEX32, "state": STATE, "reason": LINES_OR_NONE, "at": MOMENT}],
}


class Malformed(Exception):
    """A file that cannot be what it says it is: where, what was expected, what was found."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(where, expected, found)
        self.where, self.expected, self.found = where, expected, found


def read(path: Path, form: object) -> Fields:
    """The fields of a JSON file of this form; raises Malformed, or OSError."""
    try:
        fields = json.loads(
            content(path).decode("utf-8"),
            object_pairs_hook=_once,
            parse_int=_whole,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
        _shallow(fields)
    except (ValueError, RecursionError) as error:
        raise Malformed(path.name, "readable JSON in UTF-8", type(error).__name__) from None
    check(fields, form, path.name)
    result: Fields = fields
    return result


def content(path: Path) -> bytes:
    """Of a plain file: whatever else goes by that name (a folder, a pipe, a link to nowhere) raises OSError."""
    if not path.is_file():
        raise OSError
    return path.read_bytes()


def moment(text: str, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(where, "a date and time with offset (RFC 3339)", text) from None


def _once(pairs: list[tuple[str, Any]]) -> Fields:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def _whole(text: str) -> int:
    # Interpreters differ in how many digits they read.
    if len(text) > 20:
        raise ValueError
    return int(text)


def _shallow(value: object) -> None:
    # Interpreters differ in how deep they read.
    inside = [value]
    for _ in range(DEEPEST):
        inside = [item for outer in inside if isinstance(outer, dict | list) for item in _items(outer)]
    if any(isinstance(item, dict | list) for item in inside):
        raise ValueError


def _items(outer: Fields | list[Any]) -> Iterable[Any]:
    return outer.values() if isinstance(outer, dict) else outer


def _refuse(_: str) -> None:
    raise ValueError


def check(value: object, form: object, where: str) -> None:
    """Raises Malformed unless the value is of this form."""
    if isinstance(form, re.Pattern):
        _check_text(value, form, where)
    elif isinstance(form, dict):
        _check_object(value, form, where)
    elif isinstance(form, list):
        if not isinstance(value, list):
            raise Malformed(where, "a list", _shown(value))
        for number, item in enumerate(value):
            check(item, form[0], f"{where} {number}")
    elif type(value) is not int or not 0 <= value < 2**53:
        raise Malformed(where, "a whole number from 0", _shown(value))


def _check_text(value: object, form: re.Pattern[str], where: str) -> None:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Malformed(where, f"a text of the form {form.pattern}", _shown(value))
    if form is MOMENT:
        moment(value, where)


def _check_object(value: object, form: dict[str, object], where: str) -> None:
    if not isinstance(value, dict):
        raise Malformed(where, "an object", _shown(value))
    required = {key for key in form if not key.endswith("?")}
    known = {key.rstrip("?") for key in form}
    if missing := sorted(required - set(value)):
        raise Malformed(where, f"the key {missing[0]}", "nothing")
    if unknown := sorted(set(value) - known):
        raise Malformed(where, f"the keys {' '.join(sorted(known))}", unknown[0])
    for key, inner in form.items():
        name = key.rstrip("?")
        if name in value:
            check(value[name], inner, f"{where} {name}")


def _shown(value: object) -> str:
    if isinstance(value, dict | list):  # as deep as somebody likes
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value, ensure_ascii=False)[:100]
