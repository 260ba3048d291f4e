"""A draw as it is published, made up from nothing: a folder that holds, to be spoilt by the tests."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from lottery import rule, tree

Fields = dict[str, Any]
KEY = sha256(b"a key of the tests").digest()
KL8 = "03 07 11 19 22 25 31 34 38 41 45 52 56 60 63 67 71 74 78 80"
DLT = "03 08 19 26 33+02 11"
AGAIN = "02 09 10 14 18 21 27 30 33 36 40 44 49 55 59 62 66 70 73 79"


def announcement(**changes: object) -> Fields:
    told: Fields = {
        "scheme": "xlot/1",
        "draw_id": "h001-2026q4",
        "organiser": {"name": "和平医院", "contact": "6120"},
        "eligibility": "本季度评价过服务的本院职工",
        "ticket_rule": "每评价一次一张",
        "cap": 3,
        "tiers": [
            {"tier": 1, "name": "一等", "prize": "保温杯", "value_fen": 9900, "count": 1},
            {"tier": 2, "name": "二等", "prize": "雨伞", "value_fen": 4900, "count": 2},
            {"tier": 3, "name": "三等", "prize": "笔记本", "value_fen": 1900, "count": 3},
        ],
        "opens": "2026-10-01T00:00:00+08:00",
        "closes": "2026-12-31T18:00:00+08:00",
        "commit_by": "2027-01-01T12:00:00+08:00",
        "objections_until": "2027-01-03T12:00:00+08:00",
        "sources": [
            {"id": "cn-kl8", "issue": "2027004", "drawn_at": "2027-01-04T21:30:00+08:00", "rule": "第 2027004 期"},
            {"id": "cn-dlt", "issue": "2027002", "drawn_at": "2027-01-04T21:25:00+08:00", "rule": "第 2027002 期"},
        ],
        "fallback": "该期停开时用下一期",
        "claim_until": "2027-01-18T18:00:00+08:00",
        "redraw_sources": [
            {"id": "cn-kl8", "issue": "2027020", "drawn_at": "2027-01-20T21:30:00+08:00", "rule": "第 2027020 期"}
        ],
        "redraw_rounds_max": 1,
        "exclusions": "服务商员工、评委",
        "key_commitment": rule.key_commitment(KEY).hex(),
        "operator_key": "0" * 64,
        "privacy": "只公布代号",
        "tax": "由医院承担",
    }
    return {**told, **changes}


@dataclass
class Bundle:
    """The folder of one draw; each step writes its files as the protocol says."""

    folder: Path
    told: Fields = field(default_factory=announcement)
    people: int = 20
    leaves: list[bytes] = field(default_factory=list)

    def whole(self) -> "Bundle":
        """Announced, committed, drawn, partly claimed, drawn again."""
        self.announce()
        self.commit()
        self.draw(1, [("cn-kl8", "2027004", KL8), ("cn-dlt", "2027002", DLT)])
        self.claim(leaving=2)
        self.draw(2, [("cn-kl8", "2027020", AGAIN)])
        return self

    def announce(self) -> None:
        self.write("announcement.json", self.told)

    def commit(self, version: int = 1, at: str = "2027-01-01T09:00:00+08:00") -> None:
        draw_id, cap = self.told["draw_id"], self.told["cap"]
        tickets = {f"h001:emp:{number:05}": number % cap + 1 for number in range(self.people + version - 1)}
        self.leaves = sorted(
            rule.leaf(rule.entry(rule.salt(KEY, draw_id, pid), draw_id, pid), count) for pid, count in tickets.items()
        )
        data = b"".join(self.leaves)
        (self.folder / f"leaves-{version}.bin").write_bytes(data)
        commit = {
            "scheme": "xlot/1",
            "draw_id": draw_id,
            "version": version,
            "announcement_sha256": self.sha256("announcement.json"),
            "entries": len(self.leaves),
            "tickets": sum(tickets.values()),
            "root": tree.root(self.leaves).hex(),
            "leaves_sha256": sha256(data).hexdigest(),
            "by_department": [{"department": "全院", "entries": len(self.leaves)}],
            "excluded": [{"reason": "服务商员工", "count": 2}],
            "committed_at": at,
        }
        self.write(f"commit-{version}.json", commit)

    def draw(self, number: int, sources: list[tuple[str, str, str]], version: int = 1) -> None:
        commit = self.read(f"commit-{version}.json")
        text = rule.seed_text(
            self.told["draw_id"],
            number,
            commit["entries"],
            commit["tickets"],
            commit["root"],
            self.sha256("announcement.json"),
            [rule.Source(*source) for source in sources],
        )
        gone = sorted(winner["entry"] for winner in self.winners(1)) if number == 2 else []
        places = rule.order(rule.seed(text), self.leaves, frozenset(map(bytes.fromhex, gone)))
        prizes = self.prizes(number)
        ranks = iter(range(1, len(places) + 1))
        tiers = [
            {
                "tier": tier,
                "cutoff": winners[-1].score.hex() if winners else "",
                "winners": [self.winner(next(ranks), place) for place in winners],
            }
            for tier, winners in zip(prizes, rule.award(places, list(prizes.values())), strict=True)
        ]
        result = {
            "scheme": "xlot/1",
            "draw_id": self.told["draw_id"],
            "round": number,
            "commit_version": version,
            "commit_sha256": self.sha256(f"commit-{version}.json"),
            "sources": self.used(number, sources),
            "seed_text": text,
            "seed": rule.seed(text).hex(),
            "excluded": gone,
            "tiers": tiers,
            "decided_at": "2027-01-05T09:00:00+08:00" if number == 1 else "2027-01-21T09:00:00+08:00",
        }
        self.write(f"result-{number}.json", result)

    def used(self, number: int, sources: list[tuple[str, str, str]]) -> list[Fields]:
        """The numbers as a result names them; an issue that was not announced with the one it replaces."""
        promised = {one["id"]: one["issue"] for one in self.told["sources" if number == 1 else "redraw_sources"]}
        return [
            {"id": kind, "issue": issue, "value": value}
            | ({} if issue == promised[kind] else {"replaces": promised[kind]})
            for kind, issue, value in sources
        ]

    def claim(self, leaving: int) -> None:
        """All winners claim but the last few, who do not come."""
        winners = [
            (tier["tier"], win["entry"]) for tier in self.read("result-1.json")["tiers"] for win in tier["winners"]
        ]
        states = ["claimed"] * (len(winners) - leaving) + ["expired"] * leaving
        claims = [
            {"round": 1, "tier": tier, "entry": entry, "state": state, "reason": "", "at": "2027-01-10T09:00:00+08:00"}
            for (tier, entry), state in zip(winners, states, strict=True)
        ]
        self.write("claims.json", {"scheme": "xlot/1", "draw_id": self.told["draw_id"], "claims": claims})

    def prizes(self, number: int) -> dict[int, int]:
        prizes = {tier["tier"]: tier["count"] for tier in self.told["tiers"]}
        if number == 2:
            for claim in self.read("claims.json")["claims"]:
                prizes[claim["tier"]] -= claim["state"] == "claimed"
        return {tier: count for tier, count in prizes.items() if count}

    def winner(self, rank: int, place: rule.Place) -> Fields:
        return {
            "rank": rank,
            "entry": place.entry.hex(),
            "ticket": place.ticket,
            "score": place.score.hex(),
            "index": place.index,
            "tickets": place.tickets,
            "proof": [step.hex() for step in tree.proof(self.leaves, place.index)],
        }

    def winners(self, number: int) -> list[Fields]:
        return [winner for tier in self.read(f"result-{number}.json")["tiers"] for winner in tier["winners"]]

    def sha256(self, name: str) -> str:
        return sha256((self.folder / name).read_bytes()).hexdigest()

    def read(self, name: str) -> Fields:
        fields: Fields = json.loads((self.folder / name).read_text("utf-8"))
        return fields

    def write(self, name: str, fields: Fields) -> None:
        (self.folder / name).write_text(json.dumps(fields, ensure_ascii=False, indent=1), "utf-8")

    def change(self, name: str, change: Callable[[Fields], object]) -> None:
        fields = self.read(name)
        change(fields)
        self.write(name, fields)
