"""The sheet of a quarter as it comes out now: every figure, its points, the sum, and what it comes to in money.

The figures are counted by app.services.indicators or entered by people; the score and the fee are `supervision/`'s.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.models import Completion, CompletionClock, CountedRating, Event, Provider, RatingExclusion
from app.services.indicators import counting, measures
from app.services.indicators.counting import Count
from app.services.indicators.measures import MEASURES
from app.services.indicators.scope import Measure, Scope
from app.services.sheets import entries, registered
from app.services.sheets.entries import DEDUCTION, IMPROVEMENT, VETO, Entered
from app.services.sheets.reported import Registered
from app.services.sheets.terms import Term
from config.score import APART, IMPORTED, Indicator, RuleSet, hundredths, pair
from supervision import reading
from supervision.blocks import blocks, monday_after
from supervision.samples import SMALL, half_up, wilson

Counter = Callable[[Measure, Scope], Count]
HUNDREDTH_PER_CENT = 10_000
MONEY = ("contract_base_fen", "days", "of_days", "base_fen", "deductions", "veto")


def content(
    session: Session,
    term: Term,
    *,
    counter: Counter | None = None,
    rated_until: datetime | None = None,
    today: date | None = None,
) -> dict[str, Any]:
    """All that stands on the sheet. `rated_until`: as the provider may know it before the freeze. Nothing then follows
    from a level or a complaint; who has rated at all is counted up to that moment, shown and not scored.

    `today` where the quarter may still run: a plan of a later day is not late yet.
    """
    count = counter or (lambda measure, scope: counting.count(session, measure, scope))
    rules, scope = term.rules(session), Scope(**{**vars(term.scope), "rated_until": rated_until})
    standing = entries.standing(session, term)
    entered = {one.entry.code: one for one in standing}
    lines = [
        _line(session, one, term, scope, count, entered.get(one.code), registered.read(session, one, term, today=today))
        for one in rules.indicators
    ]
    if rated_until is not None:
        lines = [_for_provider(line, rules) for line in lines]
    bonus = _bonus(session, rules, scope, entered.get(IMPROVEMENT))
    money = _money(term, standing)
    return {
        "contract": term.contract.number,
        "provider": session.get_one(Provider, term.contract.provider_id).name,
        "quarter": str(term.quarter),
        "from": term.quarter.first.isoformat(),
        "to": term.quarter.last.isoformat(),
        **_score(rules, lines, bonus, money),
        "forecast": _forecast(rules, _figures(lines), bonus),
        "satisfied_with_excluded": _with_excluded(session, scope) if rated_until is None else None,
        "provisional": _provisional(session, scope),
    }


def provider_knows_until(session: Session, term: Term, *, at: datetime) -> datetime:
    """Up to when the provider reads how many have rated (law 11): in closed blocks, of Mondays, one block behind."""
    rated = select(CountedRating.at).join(Completion, Completion.id == CountedRating.completion_id)
    moments = session.scalars(rated.where(term.scope.completions())).all()
    closed = [block.closed for block in blocks((monday_after(one, term.zone) for one in moments), at=at)]
    return closed[-2] - timedelta.resolution if len(closed) > 1 else term.scope.since


def rescored(was: Mapping[str, Any], rules: RuleSet, fresh: Mapping[str, Any]) -> dict[str, Any]:
    """A sheet under other rules: its figures as they are, but for those given afresh."""
    known = {line["code"]: line["figure"] for line in was["lines"]}
    lines = [
        {**_named(one), "figure": fresh[one.code] if one.code in fresh else known.get(one.code)}
        for one in rules.indicators
    ]
    bonus = _earned(rules, was["bonus"]["praises"], was["bonus"]["improvements"])
    return _score(rules, lines, bonus, {name: was["settlement"][name] for name in MONEY})


def _score(
    rules: RuleSet, lines: list[dict[str, Any]], bonus: dict[str, int], money: Mapping[str, Any]
) -> dict[str, Any]:
    scored = _scored(rules, _figures(lines), bonus, money)
    for line in lines:
        line["weight_spread"] = scored.get("weights", {}).get(line["code"])
        line["points"] = scored.get("points", {}).get(line["code"])
        if line["figure"] and line["points"] is None and _of_low(line):
            line["why"] = "few"
    return {
        "rules": rules.name,
        "lines": lines,
        "dimensions": scored.get("dimensions", {}),
        "bonus": bonus,
        "bonus_counted": scored.get("bonus", 0),
        "total": scored["total"],
        "settlement": _settlement(scored, money, rules),
    }


def _figures(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is scored."""
    few = any(answers < SMALL for _satisfied, answers in satisfied(lines))
    return {line["code"]: None if line.get("unscored") or _of_few(line, few) else line["figure"] for line in lines}


def satisfied(lines: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """How many are satisfied of how many who answered; nothing where the rules do not ask."""
    found = [line["figure"] or {} for line in lines if line["measure"] == "satisfied"]
    return [(one.get("num", 0), one.get("den", 0)) for one in found]


def _of_low(line: Mapping[str, Any]) -> bool:
    measure = MEASURES.get(line["measure"])
    return measure is not None and measure.of_low


def _of_few(line: Mapping[str, Any], few: bool) -> bool:
    """Levels that too few have given, under whatever rules: the provider would read them from the points."""
    measure = MEASURES.get(line["measure"])
    of_few = bool(measure and measure.of_levels and line["figure"] and line["figure"]["den"] < SMALL)
    return of_few or (few and _of_low(line))


def _named(one: Indicator) -> dict[str, Any]:
    return {
        "code": one.code,
        "group": one.group,
        "dimension": one.dimension,
        "name": {"zh": one.zh, "en": one.en},
        "formula": {"zh": one.formula_zh, "en": one.formula_en},
        "measure": one.measure,
        "register": one.register,
        "rule": one.row(),
    }


def _line(
    session: Session,
    one: Indicator,
    term: Term,
    scope: Scope,
    count: Counter,
    entered: Entered | None,
    kept: Registered | None,
) -> dict[str, Any]:
    line: dict[str, Any] = {**_named(one), "figure": None, "why": ""}
    if one.counted:
        found = count(MEASURES[one.measure], scope)
        line |= _counted(one, found)
        if one.small_sample and line["figure"]:
            line["figure"] |= _prior(session, term)
    elif kept is not None and one.source is not None:
        line |= {"measure": "register", "kind": one.source.kind, "figure": kept.figure, "why": kept.why}
        line["records"] = list(kept.records)
    elif entered is not None:
        line |= {"figure": None if entered.waits else entered.value.fields(), "entry": entered.entry.id}
        line |= {"shown": entered.value.fields(), "why": _why(entered)}
    else:
        line["why"] = "file_missing" if one.measure == IMPORTED else "not_entered"
    return {**line, "interval": _interval(line["figure"])}


def _why(entered: Entered) -> str:
    if entered.waits:
        return "unchecked"
    return "" if entered.value.fields() else "declared"


def _counted(one: Indicator, found: Count) -> dict[str, Any]:
    if one.takes == "count":
        return {"figure": {"count": found.den}}
    if found.den == 0:
        return {"why": "nothing_counted"}
    few = MEASURES[one.measure].of_levels and found.den < SMALL
    return {"figure": {"num": found.num, "den": found.den}, "why": "few" if few else ""}


def _prior(session: Session, term: Term) -> dict[str, Any]:
    """What few answers are drawn towards: the hospital's rate of the quarter before, where there is one."""
    before = term.quarter.before
    scope = Scope(before.begins(term.zone), before.ends(term.zone))
    found = counting.count_of(session, "satisfied", scope)
    if not found.den:
        return {}
    exact = Fraction(found.num, found.den)
    return {"prior": [exact.numerator, exact.denominator]}


def _for_provider(line: dict[str, Any], rules: RuleSet) -> dict[str, Any]:
    """What ratings and complaints say it reads on the frozen sheet; how its engineers stand, in bands, on their page.

    An exact share of a block whose answers are all alike would tell every one of them, and a sum scored by it too.
    """
    of_ratings = {one.group for one in rules.indicators if one.measure == "satisfied"}
    measure = MEASURES.get(line["measure"])
    held_against_ratings = line["rule"]["code"] in {
        one.code for one in rules.indicators if one.source and one.source.num == APART
    }
    if not (held_against_ratings or (measure.of_ratings if measure else line["group"] in of_ratings)):
        return line
    if measure and measure.of_whom:
        return {**line, "unscored": True, "why": "shown_only"}
    return {**line, "figure": None, "shown": None, "why": "not_yet_shown", "interval": None}


def _bonus(session: Session, rules: RuleSet, scope: Scope, improvement: Entered | None) -> dict[str, int]:
    praised = (
        select(func.count(Event.id.distinct()))
        .join(Completion, and_(Completion.ticket_id == Event.ticket_id, Completion.cycle == Event.cycle))
        .join(CountedRating, CountedRating.rating_id == Event.subject_id)
        .outerjoin(
            RatingExclusion, and_(RatingExclusion.rating_id == Event.subject_id, scope.until_rated(RatingExclusion.at))
        )
        # Given by somebody the hospital knows by name, whether they sign it to the engineer or not: otherwise engineers
        # would have a reason to press users for their names.
        .where(CountedRating.person_id.is_not(None), RatingExclusion.rating_id.is_(None))
        .where(Event.kind == "praise_approved", scope.completions(), scope.until_rated(Event.at))
    )
    praises = session.scalar(praised) or 0
    improvements = improvement.value.count or 0 if improvement else 0
    return _earned(rules, praises, improvements)


def _earned(rules: RuleSet, praises: int, improvements: int) -> dict[str, int]:
    one = rules.bonus
    return {
        "praises": praises,
        "praise": min(hundredths(one.praise_most), praises * hundredths(one.praise)),
        "improvements": improvements,
        "improvement": min(hundredths(one.improvement_most), improvements * hundredths(one.improvement)),
    }


def _money(term: Term, standing: Sequence[Entered]) -> dict[str, Any]:
    base = term.contract.quarterly_base_fen
    agreed = [one for one in standing if one.entry.code == DEDUCTION and not one.waits and one.entry.count]
    return {
        "contract_base_fen": base,
        "days": term.days,
        "of_days": term.quarter.days,
        "base_fen": None if base is None else half_up(Fraction(base * term.days, term.quarter.days)),
        "deductions": [{"entry": one.entry.id, "fen": one.entry.count} for one in agreed],
        "veto": any(one.entry.code == VETO and not one.waits and one.entry.yes for one in standing),
    }


def _scored(
    rules: RuleSet, figures: Mapping[str, Any], bonus: Mapping[str, int], money: Mapping[str, Any]
) -> dict[str, Any]:
    rule = {**rules.settlement.rule(), "base_fen": money["base_fen"] or 0, "deductions": money["deductions"]}
    vector = {"tree": rules.tree(), "figures": figures, "bonus": [bonus["praise"], bonus["improvement"]]}
    return reading.sheet({**vector, "settlement": {**rule, "veto": money["veto"]}})


def _settlement(scored: Mapping[str, Any], money: Mapping[str, Any], rules: RuleSet) -> dict[str, Any]:
    names = ("grade", "k", "fee_before_deductions", "deductions", "fee")
    sums = {"deducted" if name == "deductions" else name: scored[name] for name in names if name in scored}
    if money["base_fen"] is None:
        sums = {name: value for name, value in sums.items() if name in {"grade", "k"}}
    return {**money, **sums, "rule": rules.settlement.rule()}


def _forecast(rules: RuleSet, figures: Mapping[str, Any], bonus: Mapping[str, int]) -> dict[str, int] | None:
    """The total with every rate at the worse and at the better end of its interval of 95 %."""
    found = {}
    for name, better in (("low", False), ("high", True)):
        moved = {code: _moved(rules, code, figure, better=better) for code, figure in figures.items()}
        vector = {"tree": rules.tree(), "figures": moved, "bonus": [bonus["praise"], bonus["improvement"]]}
        found[name] = reading.sheet(vector)["total"]
    return None if found["low"] is None else found


def _moved(rules: RuleSet, code: str, figure: Any, *, better: bool) -> Any:
    line = rules.indicator(code)
    if line is None or not figure or "den" not in figure:
        return figure
    lower, upper = wilson(figure["num"], figure["den"]) or (0.0, 1.0)
    rises = line.floor is None or Fraction(*_pair(line.target)) > Fraction(*_pair(line.floor))
    rate = upper if better == rises else lower
    return {**figure, "num": min(figure["den"], half_up(Fraction(rate) * figure["den"]))}


def _pair(share: str | None) -> Sequence[int]:
    return pair(share or "0%")


def _interval(figure: Any) -> list[int] | None:
    """In hundredths of a per cent."""
    if not figure or "den" not in figure:
        return None
    ends = wilson(figure["num"], figure["den"]) or ()
    return [half_up(Fraction(end) * HUNDREDTH_PER_CENT) for end in ends]


def _with_excluded(session: Session, scope: Scope) -> dict[str, int]:
    found = counting.count(session, Measure("completion", measures.satisfied_with_excluded), scope)
    return {"num": found.num, "den": found.den}


def _provisional(session: Session, scope: Scope) -> int:
    """Completions whose clock used days off that nobody has published yet."""
    query = select(func.count()).select_from(CompletionClock)
    query = query.join(Completion, Completion.id == CompletionClock.completion_id)
    return session.scalar(query.where(scope.completions(), CompletionClock.provisional)) or 0


def waiting(session: Session, term: Term) -> Iterator[Entered]:
    """What is entered and costs something, and waits for a second person."""
    standing = entries.standing(session, term)
    return (one for one in standing if one.waits)
