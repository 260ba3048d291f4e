"""Scores and settlements worked by hand: no row was computed by the program it judges.

Hundredths of a point and fen throughout. One indicator alone says what it earns; where several stand, the weights do.
"""

from typing import Any

Fields = dict[str, Any]


def linear(weight: int, target: tuple[int, int], floor: tuple[int, int], *, small: bool = False) -> Fields:
    found = {"weight": weight, "type": "L", "target": list(target), "floor": list(floor)}
    return {**found, "small_sample": True} if small else found


def deduct(weight: int, per: int, target: tuple[int, int] | None = None) -> Fields:
    found = {"weight": weight, "type": "D", "per": per}
    return {**found, "target": list(target), "step": [1, 100]} if target else found


def yes_no(weight: int) -> Fields:
    return {"weight": weight, "type": "Y"}


def of(num: int, den: int, prior: int | None = None) -> Fields:
    return {"num": num, "den": den} if prior is None else {"num": num, "den": den, "prior": [prior, 100]}


UP = linear(300, (95, 100), (80, 100))
DOWN = linear(300, (3, 100), (10, 100))
WHOLE = linear(100, (1, 1), (0, 1))
CALLS = deduct(300, 50, (90, 100))
SATISFIED = linear(600, (90, 100), (75, 100), small=True)
YES, NO = {"yes": True}, {"yes": False}
# indicator, figure, what it earns; None: not applicable, and so no total
ALONE: list[tuple[str, Fields, Fields | None, int | None]] = [
    ("at the target", UP, of(95, 100), 300),
    ("above the target", UP, of(100, 100), 300),
    ("more than were there", UP, of(11, 10), 300),
    ("at the floor", UP, of(80, 100), 0),
    ("below the floor", UP, of(50, 100), 0),
    ("nothing at all", UP, of(0, 100), 0),
    ("ten of fifteen points", UP, of(90, 100), 200),
    ("seven of fifteen points", UP, of(87, 100), 140),
    ("one of fifteen points", UP, of(81, 100), 20),
    ("54.545 is 55", UP, of(91, 110), 55),
    ("nobody counted", UP, of(0, 0), None),
    ("no figure", UP, None, None),
    ("downwards, at the target", DOWN, of(3, 100), 300),
    ("downwards, better than the target", DOWN, of(0, 100), 300),
    ("downwards, at the floor", DOWN, of(10, 100), 0),
    ("downwards, worse than the floor", DOWN, of(20, 100), 0),
    ("downwards, four sevenths: 171.43", DOWN, of(6, 100), 171),
    ("downwards, five sevenths: 214.29", DOWN, of(5, 100), 214),
    ("half a hundredth is one", WHOLE, of(1, 200), 1),
    ("one and a half is two", WHOLE, of(3, 200), 2),
    ("two and a half is three, not two", WHOLE, of(5, 200), 3),
    ("49.5 is 50", WHOLE, of(99, 200), 50),
    ("just below a half is nothing", WHOLE, of(1, 201), 0),
    ("a third: 33.33", WHOLE, of(1, 3), 33),
    ("two thirds: 66.67", WHOLE, of(2, 3), 67),
    ("no event", deduct(200, 50), {"count": 0}, 200),
    ("one event", deduct(200, 50), {"count": 1}, 150),
    ("three events", deduct(200, 50), {"count": 3}, 50),
    ("as many as the weight bears", deduct(200, 50), {"count": 4}, 0),
    ("one more is capped", deduct(200, 50), {"count": 5}, 0),
    ("very many are capped", deduct(200, 50), {"count": 1000}, 0),
    ("the rest of a weight that the steps do not divide", deduct(50, 20), {"count": 2}, 10),
    ("and then nothing", deduct(50, 20), {"count": 3}, 0),
    ("one event worth more than the weight", deduct(100, 200), {"count": 1}, 0),
    ("events without a figure", deduct(200, 50), None, None),
    ("calls at the target", CALLS, of(90, 100), 300),
    ("calls above the target", CALLS, of(95, 100), 300),
    ("calls one point short", CALLS, of(89, 100), 250),
    ("calls nine tenths of a point short: no whole step", CALLS, of(891, 1000), 300),
    ("calls a hundredth more than a point short", CALLS, of(8899, 10000), 250),
    ("calls two points short", CALLS, of(88, 100), 200),
    ("calls six points short", CALLS, of(84, 100), 0),
    ("calls seven points short is capped", CALLS, of(83, 100), 0),
    ("no call at all", CALLS, of(0, 0), None),
    ("yes", yes_no(100), YES, 100),
    ("no", yes_no(100), NO, 0),
    ("neither yes nor no", yes_no(100), None, None),
    ("29 answers, all satisfied", SATISFIED, of(29, 29, 80), None),
    ("30 answers, all satisfied: 54 of 60", SATISFIED, of(30, 30, 80), 600),
    ("30 answers, 27: 51 of 60", SATISFIED, of(27, 30, 80), 400),
    ("30 answers, 15: 39 of 60", SATISFIED, of(15, 30, 80), 0),
    ("99 answers, 90: 114 of 129", SATISFIED, of(90, 99, 80), 535),
    ("100 answers, 90: 114 of 130, shrunk as before", SATISFIED, of(90, 100, 80), 508),
    ("100 answers, 91: 115 of 130", SATISFIED, of(91, 100, 80), 538),
    ("970 answers, all satisfied: 994 of 1000", SATISFIED, of(970, 970, 80), 600),
    ("no prior: the target stands in, 54 of 60", SATISFIED, of(27, 30), 600),
    ("no prior and none satisfied: 27 of 60", SATISFIED, of(0, 30), 0),
    ("a prior of nothing: 30 of 60", SATISFIED, of(30, 30, 0), 0),
    ("a prior of all: 51 of 60, as 21 of 30 and 30 of 30", SATISFIED, of(21, 30, 100), 400),
    ("nobody answered", SATISFIED, of(0, 0, 80), None),
    (
        "the same seven answers, where small samples are no matter: 6 of 7",
        linear(600, (90, 100), (75, 100)),
        of(6, 7),
        429,
    ),
]

FOUR = {"A1.1": yes_no(100), "A1.2": yes_no(200), "A2.1": yes_no(300), "B1.1": yes_no(400)}
EQUAL = {f"A1.{n}": yes_no(100) for n in range(1, 5)}
# tree (dimension and group stand in the code), figures, weights, total
SPREAD: list[tuple[str, dict[str, Fields], dict[str, Fields | None], dict[str, int], int | None]] = [
    ("all there", FOUR, dict.fromkeys(FOUR, YES), {"A1.1": 100, "A1.2": 200, "A2.1": 300, "B1.1": 400}, 1000),
    (
        "within the group",
        FOUR,
        {"A1.1": None, "A1.2": YES, "A2.1": YES, "B1.1": YES},
        {"A1.2": 300, "A2.1": 300, "B1.1": 400},
        1000,
    ),
    (
        "within the group, and lost there",
        FOUR,
        {"A1.2": NO, "A2.1": YES, "B1.1": YES},
        {"A1.2": 300, "A2.1": 300, "B1.1": 400},
        700,
    ),
    ("within the dimension", FOUR, {"A2.1": NO, "B1.1": YES}, {"A2.1": 600, "B1.1": 400}, 400),
    ("over all", FOUR, {"B1.1": YES}, {"B1.1": 1000}, 1000),
    ("nothing applicable", FOUR, {}, {}, None),
    ("by their own weights, in equal parts", EQUAL, {"A1.1": YES, "A1.2": YES}, {"A1.1": 200, "A1.2": 200}, 400),
    (
        "thirds: a tie goes to the first of the tree",
        EQUAL,
        {"A1.2": YES, "A1.3": YES, "A1.4": YES},
        {"A1.2": 134, "A1.3": 133, "A1.4": 133},
        400,
    ),
    (
        "the largest remainder: 116.67 and 233.33",
        {"A1.1": yes_no(100), "A1.2": yes_no(200), "A1.3": yes_no(50)},
        {"A1.1": YES, "A1.2": YES},
        {"A1.1": 117, "A1.2": 233},
        350,
    ),
    (
        "two into one: 200 + 100 of the group + 300 of the dimension",
        FOUR,
        {"A1.2": YES, "B1.1": YES},
        {"A1.2": 600, "B1.1": 400},
        1000,
    ),
    (
        "by own weights, not by grown ones",
        {"A1.1": yes_no(50), "A1.2": yes_no(100), "A1.3": yes_no(50), "A2.1": yes_no(100)},
        {"A1.1": YES, "A1.2": NO},
        {"A1.1": 100, "A1.2": 200},
        100,
    ),
    (
        "deducted from the own weight: half is half of the grown one",
        {"A1.1": deduct(100, 50), "A1.2": yes_no(100)},
        {"A1.1": {"count": 1}},
        {"A1.1": 200},
        100,
    ),
    (
        "a weight of nothing is shown",
        {"A1.1": yes_no(0), "A1.2": yes_no(100)},
        {"A1.1": YES, "A1.2": YES},
        {"A1.1": 0, "A1.2": 100},
        100,
    ),
    (
        "a weight of nothing takes nothing",
        {"A1.1": yes_no(0), "A1.2": yes_no(100), "A2.1": yes_no(50)},
        {"A1.1": YES, "A2.1": YES},
        {"A1.1": 0, "A2.1": 150},
        150,
    ),
    (
        "nor is anything deducted from it",
        {"A1.1": deduct(0, 50), "A1.2": yes_no(100)},
        {"A1.1": {"count": 3}, "A1.2": YES},
        {"A1.1": 0, "A1.2": 100},
        100,
    ),
    ("nothing but weights of nothing", {"A1.1": yes_no(0), "A1.2": yes_no(100)}, {"A1.1": YES}, {}, None),
    (
        "a small sample hands its weight on",
        {"A1.1": SATISFIED, "A1.2": yes_no(100)},
        {"A1.1": of(29, 29, 80), "A1.2": YES},
        {"A1.2": 700},
        700,
    ),
    (
        "a zero count is a figure, n = 0 is none",
        {"A1.1": deduct(100, 50), "A1.2": CALLS},
        {"A1.1": {"count": 0}, "A1.2": of(0, 0)},
        {"A1.1": 400},
        400,
    ),
]

# points before, bonus, total
BONUS: list[tuple[str, int, list[int], int]] = [
    ("none", 9800, [], 9800),
    ("some", 9800, [20, 100], 9920),
    ("exactly 3.00", 5000, [100, 100, 100], 5300),
    ("never above 3.00", 5000, [100, 100, 100, 100], 5300),
    ("many praises", 5000, [20] * 30, 5300),
    ("exactly 100.00", 9850, [150], 10000),
    ("never above 100.00", 9800, [100, 100, 100, 100], 10000),
    ("on top of nothing", 0, [20], 20),
]

BANDS = [
    [9000, "优", 100],
    [8500, "良", 97],
    [8000, "良-", 94],
    [7500, "中", 90],
    [6000, "合格", 80],
    [0, "不合格", 60],
]
IN_BANDS = {"mode": "bands", "bands": BANDS}
IN_PROPORTION = {"mode": "proportional", "full_at": 9000}
# total, rule, base, grade, fee before deductions, fee
SETTLED: list[tuple[str, int, Fields, int, str | None, int, int]] = [
    ("all", 10000, IN_BANDS, 10_000_00, "优", 10_000_00, 10_000_00),
    ("90.00", 9000, IN_BANDS, 10_000_00, "优", 10_000_00, 10_000_00),
    ("89.99", 8999, IN_BANDS, 10_000_00, "良", 9_700_00, 9_700_00),
    ("85.00", 8500, IN_BANDS, 10_000_00, "良", 9_700_00, 9_700_00),
    ("84.99", 8499, IN_BANDS, 10_000_00, "良-", 9_400_00, 9_400_00),
    ("80.00", 8000, IN_BANDS, 10_000_00, "良-", 9_400_00, 9_400_00),
    ("79.99", 7999, IN_BANDS, 10_000_00, "中", 9_000_00, 9_000_00),
    ("75.00", 7500, IN_BANDS, 10_000_00, "中", 9_000_00, 9_000_00),
    ("74.99", 7499, IN_BANDS, 10_000_00, "合格", 8_000_00, 8_000_00),
    ("60.00", 6000, IN_BANDS, 10_000_00, "合格", 8_000_00, 8_000_00),
    ("59.99", 5999, IN_BANDS, 10_000_00, "不合格", 6_000_00, 6_000_00),
    ("nothing", 0, IN_BANDS, 10_000_00, "不合格", 6_000_00, 6_000_00),
    (
        "the order of the bands is no matter",
        8999,
        {**IN_BANDS, "bands": BANDS[::-1]},
        10_000_00,
        "良",
        9_700_00,
        9_700_00,
    ),
    ("48.5 fen are 49", 8999, IN_BANDS, 50, "良", 49, 49),
    ("4.5 fen are 5, not 4", 7999, IN_BANDS, 5, "中", 5, 5),
    ("0.6 fen are one", 0, IN_BANDS, 1, "不合格", 1, 1),
    ("in proportion, from 90.00 on all", 9000, IN_PROPORTION, 10_000_00, None, 10_000_00, 10_000_00),
    ("in proportion, never more than all", 10000, IN_PROPORTION, 10_000_00, None, 10_000_00, 10_000_00),
    ("in proportion, 89.99 of 90.00", 8999, IN_PROPORTION, 9000, None, 8999, 8999),
    ("in proportion, half a fen is one", 4500, IN_PROPORTION, 1, None, 1, 1),
    ("in proportion, less than half is none", 4499, IN_PROPORTION, 1, None, 0, 0),
    ("in proportion, thirds of a fen: 6.67", 6000, IN_PROPORTION, 10, None, 7, 7),
    ("deductions", 9000, {**IN_BANDS, "deductions": [{"fen": 100}, {"fen": 50}]}, 1000, "优", 1000, 850),
    ("more than there is", 9000, {**IN_BANDS, "deductions": [{"fen": 1001}]}, 1000, "优", 1000, 0),
    ("a veto: the lowest band", 9500, {**IN_BANDS, "veto": True}, 1000, "不合格", 600, 600),
    ("a veto in proportion: nothing", 9500, {**IN_PROPORTION, "veto": True}, 1000, None, 0, 0),
    ("a veto in proportion, by contract", 9500, {**IN_PROPORTION, "veto": True, "veto_k": 60}, 1000, None, 600, 600),
    ("a veto gives nobody more", 900, {**IN_PROPORTION, "veto": True, "veto_k": 60}, 1000, None, 100, 100),
]
