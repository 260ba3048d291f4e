"""`make bench-integrity`: what the signals find of planted cheating, and how many honest raters they bother.

python -m benchmarks.integrity [--quick]    Thresholds are those of config/integrity.toml. They were chosen by
looking at the first hospital alone; the two others have other habits. Ends with 1 where a bar is missed.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.integrity_cheats import KINDS, plant
from benchmarks.integrity_hospital import FIRST, SECOND, THIRD, Habits, Hospital
from config.integrity import thresholds
from supervision.signals import SIGNALS, Finding, findings

HOSPITALS = 20
RECALL = 0.9
BOTHERED = 0.02


@dataclass
class Outcome:
    """Over several hospitals of the same habits."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    by: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Which signals found a kind, how often."""
    raters: int = 0
    engineers: int = 0
    bothered: Counter[str] = field(default_factory=Counter)
    """Honest raters by signal; `all` of them."""
    accused: Counter[str] = field(default_factory=Counter)
    """Honest engineers by signal; `all` of them."""

    def recall(self, kind: str) -> float:
        return self.found[kind] / self.planted[kind]

    @property
    def holds(self) -> bool:
        return all(self.recall(kind) >= RECALL for kind in KINDS) and self.bothered["all"] <= BOTHERED * self.raters


def measure(habits: Habits, seeds: Iterable[int], *, size: float = 1.0) -> Outcome:
    outcome = Outcome()
    for seed in seeds:
        hospital = Hospital(habits, seed, size=size)
        plant(hospital)
        _add(outcome, hospital, findings(hospital.records, thresholds()))
    return outcome


def _add(outcome: Outcome, hospital: Hospital, found: list[Finding]) -> None:
    for kind, planted in hospital.planted.items():
        outcome.planted[kind] += 1
        by = {one.signal for one in found if one.lead == planted.lead or one.rater in planted.phones}
        outcome.found[kind] += bool(by)
        outcome.by[kind].update(by)
    cheats = {one.lead for one in hospital.planted.values()}
    whose = {one.id: one.rater for one in hospital.answers.values()}
    honest = hospital.honest_raters
    outcome.raters += len(honest)
    outcome.engineers += len(hospital.leads) - len(cheats)
    for name in (*SIGNALS, "all"):
        of_it = [one for one in found if name in {one.signal, "all"}]
        named = {one.rater for one in of_it if one.rater is not None}
        wrongly = [one for one in of_it if one.lead not in cheats]
        named |= {whose[answer] for one in wrongly for answer in one.answers if answer in whose}
        outcome.bothered[name] += len(named & honest)
        outcome.accused[name] += len({one.lead for one in wrongly})


def table(habits: Habits, outcome: Outcome) -> str:
    lines = [f"\n{habits.name} hospital: {outcome.raters} honest raters, {outcome.engineers} honest engineers\n"]
    lines += [f"  {'planted':28}{'recall':>8}{'of':>6}  found by"]
    for kind in KINDS:
        by = ", ".join(f"{name} {many}" for name, many in outcome.by[kind].most_common(3))
        lines.append(f"  {kind:28}{outcome.recall(kind):8.2f}{outcome.planted[kind]:6}  {by}")
    lines += [f"\n  {'signal':28}{'honest raters named':>20}{'honest engineers named':>24}"]
    for name in (*SIGNALS, "all"):
        raters, engineers = outcome.bothered[name] / outcome.raters, outcome.accused[name] / outcome.engineers
        lines.append(f"  {name:28}{raters:19.2%} {engineers:23.2%} ")
    return "\n".join(lines)


def main() -> int:
    quick = "--quick" in sys.argv[1:]
    seeds, size = (range(2), 0.5) if quick else (range(HOSPITALS), 1.0)
    holds = True
    for habits in (FIRST, SECOND, THIRD):
        outcome = measure(habits, seeds, size=size)
        print(table(habits, outcome), flush=True)
        holds = holds and outcome.holds
    print(f"\nbars: recall of each kind at least {RECALL}, honest raters named at most {BOTHERED:.0%}: {holds}")
    return 0 if holds or quick else 1


if __name__ == "__main__":
    sys.exit(main())
