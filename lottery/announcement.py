"""What an announcement has to promise, so that nothing is left to choose after the lock."""

from collections.abc import Iterator
from datetime import timedelta

from lottery.checks import Check, same, true
from lottery.files import Fields, moment
from lottery.rule import SCHEME
from lottery.sources import BEACON, ENOUGH_BITS, SOURCES, bits, quicknet_time

NAME = "announcement.json"
LARGEST_PRIZE_FEN = 50_000_00
MOST_TICKETS = 65_535
OBJECTIONS_BEFORE = timedelta(hours=24)


def check_announcement(announcement: Fields) -> Iterator[Check]:
    """Form is checked before (`files.ANNOUNCEMENT`); these are the rules."""
    yield same(f"{NAME}: scheme", SCHEME, announcement["scheme"])
    yield true(f"{NAME}: cap from 1 to {MOST_TICKETS}", 1 <= announcement["cap"] <= MOST_TICKETS)
    yield from _check_tiers(announcement)
    yield true(f"{NAME}: redraw_rounds_max is 0 or 1", announcement["redraw_rounds_max"] in (0, 1))
    yield from _check_sources(announcement, "sources")
    if announcement["redraw_rounds_max"]:
        yield from _check_sources(announcement, "redraw_sources")
    else:
        yield same(f"{NAME}: redraw_sources without a redraw", 0, len(announcement["redraw_sources"]))
    yield from _check_dates(announcement)


def _check_tiers(announcement: Fields) -> Iterator[Check]:
    tiers = announcement["tiers"]
    yield true(f"{NAME}: there is a prize", bool(tiers))
    numbers = [tier["tier"] for tier in tiers]
    yield same(f"{NAME}: tiers ascend from 1", list(range(1, len(tiers) + 1)), numbers)
    yield true(f"{NAME}: every tier has a count", all(tier["count"] >= 1 for tier in tiers))
    small = all(tier["value_fen"] <= LARGEST_PRIZE_FEN for tier in tiers)
    yield true(f"{NAME}: no prize above 50,000 yuan", small)


def _check_sources(announcement: Fields, key: str) -> Iterator[Check]:
    ids = [source["id"] for source in announcement[key]]
    yield same(f"{NAME}: {key} are known", "", next((name for name in ids if name not in SOURCES), ""))
    yield same(f"{NAME}: {key} are named once", len(ids), len(set(ids)))
    yield true(f"{NAME}: {key} carry 60 bits", bits(ids) >= ENOUGH_BITS)
    for source in announcement[key]:
        if source["id"] == BEACON:
            drawn = moment(source["drawn_at"], key).timestamp()
            yield same(f"{NAME}: time of the quicknet round", quicknet_time(int(source["issue"])), int(drawn))


def _check_dates(announcement: Fields) -> Iterator[Check]:
    keys = ["opens", "closes", "commit_by", "objections_until"]
    times = [moment(announcement[key], key) for key in keys]
    drawn = [moment(source["drawn_at"], "sources") for source in announcement["sources"]]
    claim_until = moment(announcement["claim_until"], "claim_until")
    yield true(f"{NAME}: {', '.join(keys)} in this order", times == sorted(times) and times[0] < times[1])
    yield true(f"{NAME}: objections end 24 hours before the first source", times[3] + OBJECTIONS_BEFORE <= min(drawn))
    yield true(f"{NAME}: claims end after the last source", max(drawn) < claim_until)
    redrawn = [moment(source["drawn_at"], "redraw_sources") for source in announcement["redraw_sources"]]
    if redrawn:
        yield true(f"{NAME}: redraw sources come after claim_until", claim_until < min(redrawn))
