"""One change of one file of a whole draw each, and the check that has to name it."""

from collections.abc import Callable

from lottery.sources import SOURCES
from tests.lottery.bundles import AGAIN, Fields

SPOILT: dict[str, tuple[str, Callable[[Fields], object], str]] = {
    "swapped sources": ("result-1.json", lambda r: r["sources"].reverse(), "result-1.json: source ids"),
    "another issue": ("result-1.json", lambda r: r["sources"][0].update(issue="1"), "result-1.json: issue of cn-kl8"),
    "an issue that was waited for": (
        "result-1.json",
        lambda r: r["sources"][0].update(issue="2027006", replaces="2027004"),
        "result-1.json: fallback of cn-kl8 is the next issue",
    ),
    "an issue drawn long ago": (
        "result-1.json",
        lambda r: r["sources"][0].update(issue="2026001", replaces="2027004"),
        "result-1.json: fallback of cn-kl8 is the next issue",
    ),
    "an issue that replaces itself": (
        "result-1.json",
        lambda r: r["sources"][0].update(replaces="2027004"),
        "result-1.json: fallback of cn-kl8 is the next issue",
    ),
    "another spelling of the issue": (
        "result-1.json",
        lambda r: r["sources"][0].update(issue="02027004", replaces="2027004"),
        "result-1.json sources 0 issue: form",
    ),
    "numbers in another form": (
        "result-1.json",
        lambda r: r["sources"][1].update(value="3 8 19 26 33+2 11"),
        "result-1.json: value of cn-dlt",
    ),
    "other numbers": ("result-1.json", lambda r: r["sources"][0].update(value=AGAIN), "result-1.json: seed_text"),
    "the form's own words for numbers": (
        "result-1.json",
        lambda r: r["sources"][0].update(value=SOURCES["cn-kl8"].expected),
        "result-1.json: value of cn-kl8",
    ),
    "a key that is called as what was expected": (
        "result-1.json",
        lambda r: r.update({f"the keys {' '.join(sorted(r))}": 1}),
        "result-1.json: form",
    ),
    "a key inside that is called as what was expected": (
        "announcement.json",
        lambda a: a["organiser"].update({"the keys contact name": 1}),
        "announcement.json organiser: form",
    ),
    "another seed": ("result-1.json", lambda r: r.update(seed="0" * 64), "result-1.json: seed"),
    "somebody excluded": (
        "result-1.json",
        lambda r: r.update(excluded=[r["tiers"][0]["winners"][0]["entry"]]),
        "result-1.json: excluded",
    ),
    "decided too early": (
        "result-1.json",
        lambda r: r.update(decided_at="2027-01-04T21:29:00+08:00"),
        "result-1.json: decided after the last source",
    ),
    "a tier dropped": ("result-1.json", lambda r: r["tiers"].pop(), "result-1.json: tiers"),
    "a winner too few": (
        "result-1.json",
        lambda r: r["tiers"][2]["winners"].pop(),
        "result-1.json: tier 3: winners",
    ),
    "winners swapped": (
        "result-1.json",
        lambda r: r["tiers"][1]["winners"].reverse(),
        "result-1.json: tier 2: winners",
    ),
    "a winner twice": (
        "result-1.json",
        lambda r: r["tiers"][1]["winners"].__setitem__(1, r["tiers"][1]["winners"][0]),
        "result-1.json: tier 2: winners",
    ),
    "another cut-off": ("result-1.json", lambda r: r["tiers"][0].update(cutoff=""), "result-1.json: tier 1: cutoff"),
    "another score": (
        "result-1.json",
        lambda r: r["tiers"][0]["winners"][0].update(score="0" * 64),
        "result-1.json: tier 1: rank, ticket, score, index, tickets",
    ),
    "a wrong proof": (
        "result-1.json",
        lambda r: r["tiers"][0]["winners"][0]["proof"].reverse(),
        "result-1.json: tier 1: proof",
    ),
    "the prize given to nobody": ("claims.json", lambda c: c["claims"].clear(), "result-2.json: tiers"),
    "a claim of a loser": (
        "claims.json",
        lambda c: c["claims"][0].update(entry="0" * 64),
        "claims.json: only winners",
    ),
    "a claim twice": ("claims.json", lambda c: c["claims"].append(c["claims"][0]), "claims.json: each once"),
    "a claim too late": (
        "claims.json",
        lambda c: c["claims"][0].update(at="2027-02-01T00:00:00+08:00"),
        "claims.json: claimed by claim_until",
    ),
    "an earlier winner drawn again": (
        "result-2.json",
        lambda r: r["excluded"].pop(),
        "result-2.json: excluded",
    ),
    "round 2 before its time": (
        "result-2.json",
        lambda r: r.update(decided_at="2027-01-05T09:00:00+08:00"),
        "result-2.json: decided after the last source",
    ),
    "one person more": ("commit-1.json", lambda c: c.update(entries=21), "commit-1.json: entries"),
    "one ticket more": ("commit-1.json", lambda c: c.update(tickets=c["tickets"] + 1), "commit-1.json: tickets"),
    "another root": ("commit-1.json", lambda c: c.update(root="0" * 64), "commit-1.json: root"),
    "departments that do not add up": (
        "commit-1.json",
        lambda c: c["by_department"].clear(),
        "commit-1.json: by_department",
    ),
    "committed late": (
        "commit-1.json",
        lambda c: c.update(committed_at="2027-01-02T00:00:00+08:00"),
        "commit-1.json: committed by commit_by",
    ),
    "committed before the close": (
        "commit-1.json",
        lambda c: c.update(committed_at="2026-12-31T17:00:00+08:00"),
        "commit-1.json: committed after the close",
    ),
    "another draw": ("commit-1.json", lambda c: c.update(draw_id="h001-2026q3"), "commit-1.json: draw_id"),
    "another scheme": ("commit-1.json", lambda c: c.update(scheme="xlot/2"), "commit-1.json: scheme"),
    "the announcement altered": (
        "announcement.json",
        lambda a: a["tiers"][0].update(prize="汽车"),
        "commit-1.json: announcement_sha256",
    ),
}
