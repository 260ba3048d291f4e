"""From a file's JSON to calendars, clocks and sheets, and back; what cannot be read is Malformed, by its name."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from supervision.calendar import SECOND, TICK, Calendar, Malformed, ticks
from supervision.clock import Limit, Pause, back, due, elapsed, paused
from supervision.samples import half_up, wilson
from supervision.scoring import Deducted, Figure, Indicator, Linear, Rate, Short, YesNo, score
from supervision.settlement import Band, Bands, Proportional, settle

Fields = Mapping[str, Any]
COMMON = {"code", "group", "dimension", "weight", "type"}
RULES = ({"target", "floor"}, {"target", "floor", "small_sample"}, {"per"}, {"per", "target", "step"}, set[str]())


def clock(vector: Fields, calendar: Calendar) -> object:
    """One question to a clock: the fields are those of tests/data/sla.json."""
    op = vector["op"]
    if op not in _CLOCK:
        raise Malformed(f"op {op} is not known")
    return _CLOCK[op](vector, calendar)


def sheet(vector: Fields) -> dict[str, Any]:
    """A tree, its figures, bonus and settlement: what stands on the sheet."""
    tree = [indicator(row) for row in vector["tree"]]
    if len({row.code for row in tree}) != len(tree):
        raise Malformed("tree: a code stands there twice")
    figures = vector["figures"]
    if unknown := sorted(set(figures) - {row.code for row in tree}):
        raise Malformed(f"figures: {unknown[0]} is not in the tree")
    bonus = [_whole(hundredths, "bonus") for hundredths in vector.get("bonus") or ()]
    found = score(tree, {code: figure(code, fields) for code, fields in figures.items()}, bonus)
    if found is None:
        return {"total": None}
    rule = vector.get("settlement")
    return {**found.fields(), **(_settled(found.total, rule) if rule else {})}


def interval(vector: Fields) -> list[float] | None:
    found = wilson(_whole(vector["x"], "x"), _whole(vector["n"], "n"))
    return None if found is None else list(found)


def indicator(row: Fields) -> Indicator:
    code, own = str(row["code"]), set(row) - COMMON
    kind = row["type"]
    if own not in RULES or kind != ("Y" if not own else "D" if "per" in own else "L"):
        raise Malformed(f"{code}: {kind} with {', '.join(sorted(own)) or 'nothing'} is no rule")
    rule: Linear | Deducted | Short | YesNo = YesNo()
    if kind == "L":
        rule = Linear(_rate(row["target"], code), _rate(row["floor"], code), bool(row.get("small_sample")))
        if rule.target == rule.floor:
            raise Malformed(f"{code}: target and floor are the same")
    elif kind == "D":
        per = _whole(row["per"], code)
        rule = Short(per, _rate(row["target"], code), _rate(row["step"], code)) if "step" in own else Deducted(per)
        if isinstance(rule, Short) and not rule.step:
            raise Malformed(f"{code}: a step of nothing")
    return Indicator(code, str(row["group"]), str(row["dimension"]), _whole(row["weight"], code), rule)


def figure(code: str, fields: Fields | None) -> Figure:
    if fields is None:
        return None
    if set(fields) == {"yes"} and isinstance(fields["yes"], bool):
        return fields["yes"]
    if set(fields) == {"count"}:
        return _whole(fields["count"], code)
    if {"num", "den"} <= set(fields) <= {"num", "den", "prior"}:
        prior = fields.get("prior")
        return Rate(_whole(fields["num"], code), _whole(fields["den"], code), prior and _rate(prior, code))
    raise Malformed(f"{code}: {dict(fields)} is no figure")


def _settled(total: int, rule: Fields) -> dict[str, Any]:
    if rule["mode"] == "bands":
        bands = [Band(_whole(least, "bands"), str(grade), _whole(k, "bands")) for least, grade, k in rule["bands"]]
        if not bands or any(band.k > 100 for band in bands):
            raise Malformed("bands: at least one, and no k above 1")
        mode: Bands | Proportional = Bands(bands)
    elif rule["mode"] == "proportional" and rule["full_at"]:
        mode = Proportional(_whole(rule["full_at"], "full_at"), _whole(rule.get("veto_k", 0), "veto_k"))
    else:
        raise Malformed(f"settlement: {rule['mode']} is not known")
    deductions = [_whole(one["fen"], "deductions") for one in rule.get("deductions") or ()]
    base = _whole(rule["base_fen"], "base_fen")
    return settle(total, mode, base_fen=base, deductions_fen=deductions, veto=bool(rule.get("veto")))


def _elapsed(vector: Fields, calendar: Calendar) -> int:
    start, end = _moment(vector["start"]), _moment(vector["end"])
    stopped = _seconds(vector.get("paused_seconds", 0)) if "pauses" not in vector else timedelta()
    return _rounded(max(timedelta(), elapsed(calendar, start, end, _pauses(vector)) - stopped))


def _paused(vector: Fields, calendar: Calendar) -> int:
    pauses = _pauses(vector)
    ends = [pause.end or pause.begin for pause in pauses]
    start = _moment(vector["start"]) if "start" in vector else min(pause.begin for pause in pauses)
    end = _moment(vector["end"]) if "end" in vector else max(ends)
    return _rounded(paused(calendar, pauses, start, end))


def _due(vector: Fields, calendar: Calendar) -> str | None:
    return _due_by(Limit(time=_seconds(vector["seconds"])), vector, calendar)


def _due_days(vector: Fields, calendar: Calendar) -> str | None:
    return _due_by(Limit(days=int(vector["days"]), to_end_of_day=bool(vector.get("to_end_of_day"))), vector, calendar)


def _due_by(limit: Limit, vector: Fields, calendar: Calendar) -> str | None:
    start = _moment(vector["start"])
    found = due(calendar, limit, start, _pauses(vector))
    more = _seconds(vector.get("paused_seconds", 0))
    if found is not None and more and "pauses" not in vector:
        found = due(calendar, Limit(time=more), found)
    return _written(found, start, calendar)


def _back(vector: Fields, calendar: Calendar) -> str | None:
    start = _moment(vector["start"])
    return _written(back(calendar, _seconds(vector["seconds"]), start), start, calendar)


def _is_open(vector: Fields, calendar: Calendar) -> bool:
    return calendar.opens(ticks(_moment(vector["start"])))


_CLOCK: Mapping[str, Callable[[Fields, Calendar], object]] = {
    "elapsed": _elapsed,
    "paused_seconds": _paused,
    "due": _due,
    "due_days": _due_days,
    "back": _back,
    "is_open": _is_open,
}


def _pauses(vector: Fields) -> list[Pause]:
    spans = vector.get("pauses") or ()
    return [Pause(_moment(begin), None if end is None else _moment(end)) for begin, end in spans]


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise Malformed(f"{text} has no offset")
    return found


def _written(found: datetime | None, start: datetime, calendar: Calendar) -> str | None:
    """In the calendar's zone, or in UTC where the start was."""
    if found is None:
        return None
    whole = datetime.fromtimestamp(half_up(Fraction(ticks(found), SECOND)), UTC)
    return whole.astimezone(calendar.zone if start.utcoffset() else UTC).isoformat()


def _rounded(time: timedelta) -> int:
    return half_up(Fraction(time // TICK, SECOND))


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _rate(pair: object, where: str) -> Fraction:
    if not isinstance(pair, list) or len(pair) != 2 or not pair[1]:
        raise Malformed(f"{where}: {pair} is no rate as [9, 10]")
    return Fraction(_whole(pair[0], where), _whole(pair[1], where))


def _whole(number: object, where: str) -> int:
    if type(number) is not int or number < 0:
        raise Malformed(f"{where}: {number} is no whole number from 0")
    return number
