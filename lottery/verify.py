"""Checks everything that is published of a draw, in a fixed order, and stops at the first lie."""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from lottery import files, rule, tree
from lottery.announcement import check_announcement
from lottery.checks import Check, lie, same, true
from lottery.files import Fields, Malformed, moment
from lottery.sources import SOURCES, next_issues

DAY = timedelta(hours=24)
_NAME = re.compile(
    r"(announcement\.json|commit-[1-9][0-9]*\.json|leaves-[1-9][0-9]*\.bin|result-[12]\.json|claims\.json)(\.sig)?"
)


@dataclass
class Draw:
    """What has been read and found true so far."""

    folder: Path
    names: list[str]
    announcement: Fields = field(default_factory=dict)
    announcement_sha256: str = ""
    commits: dict[int, Fields] = field(default_factory=dict)
    leaves: dict[int, list[bytes]] = field(default_factory=dict)
    results: dict[int, Fields] = field(default_factory=dict)
    claims: list[Fields] = field(default_factory=list)

    def read(self, name: str, form: object) -> Fields:
        return files.read(self.folder / name, form)

    def content(self, name: str) -> bytes:
        return files.content(self.folder / name)

    def sha256(self, name: str) -> str:
        return sha256(self.content(name)).hexdigest()


def verify(folder: Path) -> list[Check]:
    """Every check that was made, the last one possibly a lie (`holds` is false); never raises for what it reads."""
    checks: list[Check] = []
    try:
        for check in _checks(Draw(folder, sorted(path.name for path in folder.iterdir()))):
            checks.append(check)
            if not check.holds:
                break
    except Malformed as fault:
        checks.append(lie(f"{fault.where}: form", fault.expected, fault.found))
    except OSError as error:
        checks.append(lie("files: can be read", "yes", type(error).__name__))
    return checks


def _checks(draw: Draw) -> Iterator[Check]:
    versions = yield from _check_files(draw)
    draw.announcement = draw.read("announcement.json", files.ANNOUNCEMENT)
    draw.announcement_sha256 = draw.sha256("announcement.json")
    yield from check_announcement(draw.announcement)
    for version in range(1, versions + 1):
        yield from _check_commit(draw, version)
    if "result-1.json" in draw.names:
        yield from _check_result(draw, 1)
    if "claims.json" in draw.names:
        yield from _check_claims(draw)
    if "result-2.json" in draw.names:
        yield from _check_result(draw, 2)


def _check_files(draw: Draw) -> Generator[Check, None, int]:
    """Answers how many versions of the list there are."""
    names = draw.names
    yield same("files: only known ones", "", next((name for name in names if not _NAME.fullmatch(name)), ""))
    yield true("files: announcement.json", "announcement.json" in names)
    commits = [name for name in names if re.fullmatch(r"commit-\d+\.json", name)]
    lists = [name for name in names if re.fullmatch(r"leaves-\d+\.bin", name)]
    expected = [f"commit-{version}.json" for version in range(1, len(commits) + 1)]
    yield same("files: versions without a gap", " ".join(sorted(expected)), " ".join(commits))
    expected = [f"leaves-{version}.bin" for version in range(1, len(commits) + 1)]
    yield same("files: a list for each version", " ".join(sorted(expected)), " ".join(lists))
    needs = {"result-1.json": "commit-1.json", "claims.json": "result-1.json", "result-2.json": "claims.json"}
    gaps = [needed for name, needed in needs.items() if name in names and needed not in names]
    yield same("files: nothing is missing in between", "", " ".join(gaps))
    return len(commits)


def _check_commit(draw: Draw, version: int) -> Iterator[Check]:
    name = f"commit-{version}.json"
    commit, announcement = draw.read(name, files.COMMIT), draw.announcement
    yield from _check_head(draw, name, commit)
    yield same(f"{name}: version", version, commit["version"])
    yield same(f"{name}: announcement_sha256", draw.announcement_sha256, commit["announcement_sha256"])
    yield same(f"{name}: leaves_sha256", draw.sha256(f"leaves-{version}.bin"), commit["leaves_sha256"])
    data = draw.content(f"leaves-{version}.bin")
    yield same(f"leaves-{version}.bin: whole records of 34 bytes", 0, len(data) % 34)
    leaves = [data[start : start + 34] for start in range(0, len(data), 34)]
    ascend = all(leaf[:32] < after[:32] for leaf, after in pairwise(leaves))
    yield true(f"leaves-{version}.bin: entries ascend", ascend)
    tickets = [int.from_bytes(leaf[32:], "big") for leaf in leaves]
    yield true(
        f"leaves-{version}.bin: 1 to cap tickets each", all(1 <= count <= announcement["cap"] for count in tickets)
    )
    if version > 1:
        yield true(
            f"leaves-{version}.bin: nobody is dropped or has fewer tickets", _kept(draw.leaves[version - 1], leaves)
        )
    yield same(f"{name}: entries", len(leaves), commit["entries"])
    yield same(f"{name}: tickets", sum(tickets), commit["tickets"])
    yield same(f"{name}: root", tree.root(leaves).hex(), commit["root"])
    counted = sum(line["entries"] for line in commit["by_department"])
    yield same(f"{name}: by_department", len(leaves), counted)
    yield from _check_commit_times(draw, name, commit)
    draw.commits[version], draw.leaves[version] = commit, leaves


def _kept(before: list[bytes], leaves: list[bytes]) -> bool:
    """Objections only add: a version is no way to lose somebody."""
    now = {leaf[:32]: leaf[32:] for leaf in leaves}
    return all(now.get(leaf[:32], b"") >= leaf[32:] for leaf in before)


def _check_commit_times(draw: Draw, name: str, commit: Fields) -> Iterator[Check]:
    announcement, at = draw.announcement, _at(commit, "committed_at")
    before = draw.commits.get(commit["version"] - 1)
    first_source = min(_at(source, "drawn_at") for source in announcement["sources"])
    yield true(f"{name}: committed after the close", at >= _at(announcement, "closes"))
    if before:
        yield true(f"{name}: committed after the version before", at > _at(before, "committed_at"))
        yield true(f"{name}: committed before objections_until", at <= _at(announcement, "objections_until"))
    else:
        yield true(f"{name}: committed by commit_by", at <= _at(announcement, "commit_by"))
    yield true(f"{name}: committed 24 hours before the first source", at + DAY <= first_source)


def _check_result(draw: Draw, number: int) -> Iterator[Check]:
    name = f"result-{number}.json"
    result, announcement = draw.read(name, files.RESULT), draw.announcement
    yield from _check_head(draw, name, result)
    yield same(f"{name}: round", number, result["round"])
    yield true(f"{name}: the round was announced", number <= 1 + announcement["redraw_rounds_max"])
    yield same(f"{name}: commit_version", len(draw.commits), result["commit_version"])
    yield same(f"{name}: commit_sha256", draw.sha256(f"commit-{len(draw.commits)}.json"), result["commit_sha256"])
    announced = announcement["sources"] if number == 1 else announcement["redraw_sources"]
    sources = yield from _check_sources(name, announced, result["sources"])
    commit = draw.commits[len(draw.commits)]
    text = rule.seed_text(
        announcement["draw_id"],
        number,
        commit["entries"],
        commit["tickets"],
        commit["root"],
        draw.announcement_sha256,
        sources,
    )
    yield same(f"{name}: seed_text", text, result["seed_text"])
    yield same(f"{name}: seed", rule.seed(text).hex(), result["seed"])
    before = [win["entry"] for tier in draw.results.get(1, {"tiers": []})["tiers"] for win in tier["winners"]]
    yield same(f"{name}: excluded", " ".join(sorted(before)), " ".join(result["excluded"]))
    drawn_last = max(_at(source, "drawn_at") for source in announced)
    yield true(f"{name}: decided after the last source", _at(result, "decided_at") >= drawn_last)
    if number == 2:
        yield true(f"{name}: decided after claim_until", _at(result, "decided_at") >= _at(announcement, "claim_until"))
    yield from _check_winners(draw, name, result, _prizes(draw, number))
    draw.results[number] = result


def _check_sources(name: str, announced: list[Fields], used: list[Fields]) -> Generator[Check, None, list[rule.Source]]:
    """Answers the sources as they stand in the seed."""
    yield same(f"{name}: source ids", " ".join(_all(announced, "id")), " ".join(_all(used, "id")))
    for promised, source in zip(announced, used, strict=True):
        expected = promised["issue"]
        yield same(f"{name}: issue of {source['id']}", expected, source.get("replaces", source["issue"]))
        stands_in = "replaces" not in source or source["issue"] in next_issues(source["id"], expected)
        yield true(f"{name}: fallback of {source['id']} is the next issue", stands_in)
        form = SOURCES[source["id"]]
        yield Check(f"{name}: value of {source['id']}", form.expected, source["value"], form.fits(source["value"]))
    return [rule.Source(source["id"], source["issue"], source["value"]) for source in used]


def _check_winners(draw: Draw, name: str, result: Fields, prizes: dict[int, int]) -> Iterator[Check]:
    commit, leaves = draw.commits[len(draw.commits)], draw.leaves[len(draw.commits)]
    seed, gone = bytes.fromhex(result["seed"]), frozenset(map(bytes.fromhex, result["excluded"]))
    awarded = rule.award(rule.order(seed, leaves, gone), list(prizes.values()))
    yield same(f"{name}: tiers", " ".join(map(str, prizes)), " ".join(map(str, _all(result["tiers"], "tier"))))
    rank = 0
    for tier, places in zip(result["tiers"], awarded, strict=True):
        where = f"{name}: tier {tier['tier']}"
        yield same(f"{where}: winners", _entries(places), " ".join(_all(tier["winners"], "entry")))
        yield same(f"{where}: cutoff", places[-1].score.hex() if places else "", tier["cutoff"])
        for place, winner in zip(places, tier["winners"], strict=True):
            rank += 1
            expected = [rank, place.ticket, place.score.hex(), place.index, place.tickets]
            found = [winner[key] for key in ("rank", "ticket", "score", "index", "tickets")]
            yield same(f"{where}: rank, ticket, score, index, tickets", expected, found)
            path = [bytes.fromhex(step) for step in winner["proof"]]
            proven = tree.proves(
                path,
                tree.leaf_hash(leaves[place.index]),
                index=place.index,
                size=len(leaves),
                root=bytes.fromhex(commit["root"]),
            )
            yield true(f"{where}: proof", proven)


def _check_claims(draw: Draw) -> Iterator[Check]:
    file = draw.read("claims.json", files.CLAIMS)
    yield from _check_head(draw, "claims.json", file)
    # Final when round 2 is decided: only the winners of round 1 stand here.
    tiers = draw.results[1]["tiers"]
    winners = {(1, tier["tier"], winner["entry"]) for tier in tiers for winner in tier["winners"]}
    claimed = [(claim["round"], claim["tier"], claim["entry"]) for claim in file["claims"]]
    yield same("claims.json: only winners", "", next((claim[2] for claim in claimed if claim not in winners), ""))
    yield same("claims.json: each once", len(claimed), len(set(claimed)))
    in_time = all(
        _at(claim, "at") <= _at(draw.announcement, "claim_until")
        for claim in file["claims"]
        if claim["state"] == "claimed"
    )
    yield true("claims.json: claimed by claim_until", in_time)
    draw.claims = file["claims"]


def _check_head(draw: Draw, name: str, file: Fields) -> Iterator[Check]:
    yield same(f"{name}: scheme", rule.SCHEME, file["scheme"])
    yield same(f"{name}: draw_id", draw.announcement["draw_id"], file["draw_id"])


def _prizes(draw: Draw, number: int) -> dict[int, int]:
    """How many prizes of each tier a round gives: round 2 those that nobody has claimed, and only such tiers."""
    prizes = {tier["tier"]: tier["count"] for tier in draw.announcement["tiers"]}
    if number == 1:
        return prizes
    for claim in draw.claims:
        if claim["state"] == "claimed":
            prizes[claim["tier"]] -= 1
    return {tier: count for tier, count in prizes.items() if count}


def _at(fields: Fields, key: str) -> datetime:
    return moment(fields[key], key)


def _all(items: Sequence[Fields], key: str) -> list[str]:
    return [item[key] for item in items]


def _entries(places: Sequence[rule.Place]) -> str:
    return " ".join(place.entry.hex() for place in places)
