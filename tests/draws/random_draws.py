"""Draws of every kind and size, and what somebody may have done to their files; the dice are seeded."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from lottery.sources import next_issues, quicknet_time
from tests.lottery.bundles import Bundle, announcement

Dice = np.random.Generator
Fields = dict[str, Any]
KINDS = ["cn-kl8", "drand-quicknet", "cn-dlt", "cn-ssq"]
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 20, 33, 64, 100]
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 1.5, 2.0, 65536, 5000001, 2**53 - 1, 2**53, 10**19, 10**20),
    *("", "x", "中", "\ud800", "\n", "a\nb", "\x7f", "\x80", "\t", "xlot/1", "cn-ssq", "constructor", "claimed"),
    *(
        "0" * 64,
        "F" * 64,
        "f" * 63,
        "2027001",
        "00001",
        "01 02",
        float("nan"),
        [],
        {},
        [1],
        {"a": 1},
        "2100-01-01T00:00:00Z",
    ),
    *("2026-12-31T18:00:00+08:00", "2027-01-18T18:00:00+08:00", "2026-02-30T00:00:00Z", "2099-12-31T23:59:59-23:59"),
]
NAMES = ["commit-2.json", "leaves-2.bin", "result-2.json", "claims.json", "notes.txt", "commit-01.json", "a.json.sig"]


def make(folder: Path, dice: Dice) -> Bundle:
    """A draw as far as it has come."""
    folder.mkdir()
    stage, redraw = dice.integers(8), dice.random() < 0.7
    told = announcement(
        cap=pick(dice, [1, 2, 3, 7, 300]),
        tiers=[tier(number, dice) for number in range(1, 2 + dice.integers(4))],
        sources=sources(dice, day=4),
        redraw_sources=sources(dice, day=20) if redraw else [],
        redraw_rounds_max=int(redraw),
    )
    bundle = Bundle(folder, told, people=pick(dice, SIZES))
    version = 1 + int(dice.random() < 0.2)
    bundle.announce()
    for number in range(1, version + 1 if stage else 1):
        bundle.commit(number, at=f"2027-01-0{number}T09:00:00+08:00")
    if stage > 1:
        bundle.draw(1, [drawn(one, dice) for one in told["sources"]], version)
    if stage > 2:
        bundle.claim(leaving=int(dice.integers(1 + len(bundle.winners(1)))))
    if stage > 3 and redraw:
        bundle.draw(2, [drawn(one, dice) for one in told["redraw_sources"]], version)
    return bundle


def tier(number: int, dice: Dice) -> Fields:
    value_fen, count = int(dice.integers(5_000_001)), pick(dice, [1, 1, 2, 3, 9])
    return {"tier": number, "name": "奖", "prize": "物", "value_fen": value_fen, "count": count}


def sources(dice: Dice, *, day: int) -> list[Fields]:
    kinds = [pick(dice, KINDS[:2]), *dice.permutation(KINDS)[: dice.integers(4)]]
    return [source(str(kind), dice, day=day) for kind in dict.fromkeys(kinds)]


def source(kind: str, dice: Dice, *, day: int) -> Fields:
    drawn_at = datetime(2027, 1, day, 13, tzinfo=timezone(timedelta(hours=8))) + timedelta(
        minutes=int(dice.integers(600))
    )
    issue = str(1 + dice.integers(10**7))
    if kind == "drand-quicknet":
        issue = str((int(drawn_at.timestamp()) - quicknet_time(1)) // 3 + 1)
        drawn_at = datetime.fromtimestamp(quicknet_time(int(issue)), drawn_at.tzinfo)
    return {"id": kind, "issue": issue, "drawn_at": drawn_at.isoformat(), "rule": "规则"}


def drawn(promised: Fields, dice: Dice) -> tuple[str, str, str]:
    """What came out; at times not of the issue announced."""
    kind, issue = promised["id"], promised["issue"]
    if dice.random() < 0.2:
        issue = pick(dice, [*next_issues(kind, issue), issue])
    return kind, issue, value(kind, dice)


def value(kind: str, dice: Dice) -> str:
    def numbers(count: int, most: int) -> str:
        return " ".join(f"{one:02}" for one in sorted(1 + dice.permutation(most)[:count]))

    values: dict[str, Callable[[], str]] = {
        "cn-kl8": lambda: numbers(20, 80),
        "cn-dlt": lambda: f"{numbers(5, 35)}+{numbers(2, 12)}",
        "cn-ssq": lambda: f"{numbers(6, 33)}+{numbers(1, 16)}",
        "drand-quicknet": lambda: dice.bytes(32).hex(),
    }
    return values[kind]()


def spoil(folder: Path, dice: Dice) -> None:
    """One thing done to one of the files, the later ones more often, or two or three."""
    for _ in range(pick(dice, [1, 1, 1, 2, 3])):
        files = sorted(folder.iterdir())
        late = [path for path in files if path.name[0] == "r" or path.name == "claims.json"]
        if files:
            spoil_file(pick(dice, late if late and dice.random() < 0.7 else files), dice)


def spoil_file(path: Path, dice: Dice) -> None:
    content, way = path.read_bytes(), dice.integers(12)
    if way < 7 and path.suffix == ".json" and (fields := readable(content)):
        path.write_bytes(
            json.dumps(changed(fields, dice), ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
        )
    elif way == 8:
        path.unlink()
    elif way == 9:
        path.rename(path.with_name(pick(dice, NAMES)))
    elif way == 10:
        path.write_bytes(content + pick(dice, [b"\0", b" ", b"\n", b"}", b"x" * 34, b"\xef\xbb\xbf"]))
    elif content:
        at = dice.integers(len(content))
        path.write_bytes(content[:at] + dice.bytes(1) + content[at + dice.integers(2) :])


def readable(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def changed(fields: Any, dice: Dice) -> Any:
    """One value becomes another, goes, or comes twice."""
    places = list(inner(fields))
    if not places:
        return fields
    holder, key = pick(dice, places)
    way = dice.integers(6)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[pick(dice, ["more", "replaces", "__proto__"])] = pick(dice, ODD)
    elif way == 1:
        holder.insert(key, holder[key])
    elif way == 2:
        holder[key] = pick(dice, [other[there] for other, there in places if other is not holder] or ODD)
    else:
        holder[key] = nearly(holder[key], dice) if way < 5 else pick(dice, ODD)
    return json_only(fields)


def nearly(old: Any, dice: Dice) -> Any:
    if type(old) is int:
        return old + pick(dice, [-1, 1])
    if isinstance(old, list):
        return old[::-1]
    if isinstance(old, str) and old:
        at = dice.integers(len(old))
        return old[:at] + pick(dice, list("0123456789abcdefTZ:+- ")) + old[at + 1 :]
    return pick(dice, ODD)


def json_only(fields: Any) -> Any:
    """A value put into itself has no end; then nothing is there."""
    try:
        json.dumps(fields)
    except ValueError:
        return None
    return fields


def inner(fields: Any) -> Iterator[tuple[Any, Any]]:
    keys = fields if isinstance(fields, dict) else range(len(fields)) if isinstance(fields, list) else ()
    for key in list(keys):
        yield fields, key
        yield from inner(fields[key])


def pick(dice: Dice, values: list[Any]) -> Any:
    return values[dice.integers(len(values))]
