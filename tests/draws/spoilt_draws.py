"""What may be done to a whole draw on purpose, and the lie that has to be named."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.lottery import test_verify as spoilt
from tests.lottery.bundles import AGAIN, DLT, Bundle, Fields, announcement
from tests.lottery.lies import SPOILT as LIES

Spoil = Callable[[Bundle], object]


def elsewhere() -> list[tuple[Spoil, str]]:
    """What the tests of the first verifier spoil, and the lie they wait for."""
    return [
        *((partial(changed, name, change), lie) for name, change, lie in LIES.values()),
        *((partial(leaves, change), lie) for change, lie in cases(spoilt.test_a_list_that_was_changed_with_its_hash)),
        *((partial(folder, change), lie) for change, lie in cases(spoilt.test_a_gap_or_something_unknown_is_a_lie)),
        *(
            (partial(announced, changes), f"announcement.json: {lie}")
            for changes, lie in cases(spoilt.test_an_announcement_that_leaves_something_to_choose_is_refused)
        ),
    ]


def cases(test: Any) -> list[Any]:
    [mark] = test.pytestmark
    return list(mark.args[1])


def changed(name: str, change: Callable[[Fields], object], bundle: Bundle) -> None:
    bundle.change(name, change)


def folder(change: Callable[[Path], object], bundle: Bundle) -> None:
    change(bundle.folder)


def announced(changes: Fields, bundle: Bundle) -> None:
    bundle.write("announcement.json", announcement(**changes))


def leaves(change: Callable[[bytes], bytes], bundle: Bundle) -> None:
    """The list changed, and its hash with it."""
    path = bundle.folder / "leaves-1.bin"
    path.write_bytes(change(path.read_bytes()))
    bundle.change("commit-1.json", lambda commit: commit.update(leaves_sha256=bundle.sha256(path.name)))


def second_version(change: Callable[[list[bytes]], list[bytes]], bundle: Bundle) -> None:
    """Nothing is drawn yet; a second version comes, with a list that was changed."""
    for name in ("result-1.json", "claims.json", "result-2.json"):
        (bundle.folder / name).unlink()
    bundle.commit(2, at="2027-01-02T09:00:00+08:00")
    (bundle.folder / "leaves-2.bin").write_bytes(b"".join(sorted(change(bundle.leaves))))
    bundle.change("commit-2.json", lambda commit: commit.update(leaves_sha256=bundle.sha256("leaves-2.bin")))


def recommitted(bundle: Bundle) -> None:
    bundle.people = 21
    bundle.commit()


def later_beacon(bundle: Bundle) -> None:
    """The round after the announced one, though each round comes."""
    other = Bundle(bundle.folder, announcement(sources=[spoilt.QUICKNET]))
    other.announce()
    other.commit()
    other.draw(1, [("drand-quicknet", "35428733", "0" * 64)])


LOSSES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "the first lost between versions": lambda listed: listed[1:],
    "the last lost between versions": lambda listed: listed[:-1],
    "another in his place": lambda listed: [bytes([listed[0][0] ^ 1]) + listed[0][1:], *listed[1:]],
    "fewer tickets than before": lambda listed: [leaf[:33] + b"\1" for leaf in listed],
}
SPOILT: dict[str, tuple[Spoil, str]] = {
    "a later round of the beacon": (later_beacon, "result-1.json: fallback of drand-quicknet is the next issue"),
    "a changed leaf": (partial(leaves, lambda data: b"\0" + data[1:]), "commit-1.json: root"),
    "a ticket more": (
        partial(leaves, lambda data: data[:33] + bytes([data[33] % 3 + 1]) + data[34:]),
        "commit-1.json: tickets",
    ),
    "another order": (
        partial(leaves, lambda data: data[34:68] + data[:34] + data[68:]),
        "leaves-1.bin: entries ascend",
    ),
    "a person dropped": (partial(leaves, lambda data: data[34:]), "commit-1.json: entries"),
    "a person added": (partial(leaves, lambda data: data + b"\xff" * 32 + b"\0\1"), "commit-1.json: entries"),
    **{
        said: (partial(second_version, change), "leaves-2.bin: nobody is dropped or has fewer tickets")
        for said, change in LOSSES.items()
    },
    "another list with all its hashes": (recommitted, "result-1.json: commit_sha256"),
    "another result for other numbers": (
        lambda b: b.draw(1, [("cn-kl8", "2027004", AGAIN), ("cn-dlt", "2027002", DLT)]),
        "claims.json: only winners",
    ),
    "a prize more": (
        lambda b: b.change("announcement.json", lambda told: told["tiers"][0].update(count=2)),
        "commit-1.json: announcement_sha256",
    ),
    "a winner drawn again": (
        lambda b: b.change("result-2.json", lambda told: told["tiers"][0]["winners"].append(b.winners(1)[0])),
        "result-2.json: tier 3: winners",
    ),
}


# What replaces what in claims.json, and where it is not of its form; nowhere, if it is.
FIRST, REASON, AT = b'"tier": 1', b'"reason": ""', b'"2027-01-10T09:00:00+08:00"'
JSON = [
    (b"{", b" \t\r\n{", None),
    *(
        (b"{", new, "")
        for new in (b'{"draw_id": "", ', b"\xef\xbb\xbf{", b"{,", b"\x0c{", b"\xc2\xa0{", b"[" * 100_000)
    ),
    *((b'"scheme"', new, "") for new in (b'"\\u0073cheme": 1, "scheme"', b"scheme", b'"\\ud800": 1, "scheme"')),
    (b'"scheme"', b'"\\u0073cheme"', None),
    *(
        (FIRST, b'"tier": ' + new, "")
        for new in (b"+1", b"01", b"1.0", b"1e0", b"1.", b"-", b"NaN", b"-Infinity", b"1" * 21)
    ),
    *(
        (FIRST, b'"tier": ' + new, " claims 0 tier")
        for new in (b"-1", b"true", b"null", b'"1"', b"9" * 20, b"9007199254740992")
    ),
    *(
        (REASON, b'"reason": ' + new, "")
        for new in (b'"\x00"', b'"\n"', b'"\xe9"', b'"\xed\xa0\x80"', b'"\\x"', b'"\\u12"', b"''")
    ),
    *(
        (REASON, b'"reason": ' + new, " claims 0 reason")
        for new in (b'"\\u0000"', b'"\\r"', b'"\\ude00\\ud83d"', b'"\\u007f"', b"[]")
    ),
    # The file and its list of claims are three levels around it.
    (REASON, b'"reason": ' + b"[" * 13 + b"]" * 13, " claims 0 reason"),
    *((REASON, b'"reason": ' + b"[" * deep + b"]" * deep, "") for deep in (14, 900, 980, 1000)),
    (REASON, b'"reason": ' + b'{"": ' * 14 + b"1" + b"}" * 14, ""),
    *(
        (REASON, b'"reason": ' + new, None)
        for new in (b'"\\ud83d\\ude00"', b'"a\\nb"', b'"\xe2\x80\xa8"', b'"\\/\\"\\\\"')
    ),
    *(
        (AT, f'"{new}"'.encode(), " claims 0 at")
        for new in (
            *("2027-01-10T09:00:00", "2027-01-10T09:00:00+24:00", "2027-01-10T09:00:00+08:60", "2027-01-10T24:00:00Z"),
            *("2027-02-29T09:00:00Z", "2027-13-10T09:00:00Z", "2027-00-10T09:00:00Z", "2027-01-00T09:00:00Z"),
            *("2027-01-10t09:00:00Z", "2027-01-10T09:00:60Z", "2027-01-10T09:00:00.5Z", "1999-12-31T23:59:59Z"),
            *("2100-01-01T00:00:00Z", "2027-01-10 09:00:00Z", "２027-01-10T09:00:00Z", "2027-01-10T09:00:00Z\\n"),
        )
    ),
    *(
        (AT, f'"{new}"'.encode(), None)
        for new in ("2027-01-18T18:00:00+08:00", "2000-01-01T00:00:00-23:59", "2004-02-29T00:00:00Z")
    ),
]
