"""What people call a draw and its entries: by the quarter, and by words one can read aloud and remember."""

from hashlib import sha256

import pytest
from flask import Flask

from app.texts import code_words
from app.web.draws import filters


def test_the_words_of_a_byte_are_fixed_for_good() -> None:
    assert len(code_words.WORDS) == 256
    for column in (0, 1):
        assert len({pair[column] for pair in code_words.WORDS}) == 256
    listed = "\n".join(f"{word} {english}" for word, english in code_words.WORDS)
    assert sha256(listed.encode()).hexdigest() == "51887768a6d005312612e864a60237141feabc01aaa979c59b2af8540759953b"


def test_an_entry_is_read_by_its_first_four_bytes() -> None:
    assert code_words.of_entry("0001feff" + "aa" * 28, "zh") == ["松树", "竹子", "放大镜", "温度计"]
    assert code_words.of_entry("0005" * 16, "en") == ["pine", "plane tree", "pine", "plane tree"]


@pytest.mark.parametrize(
    ("opens", "closes", "name"),
    [
        ("2026-10-01T00:00:00+08:00", "2026-12-31T23:59:59+08:00", "2026 年第四季度评价抽奖"),
        ("2026-10-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00", "2026 年第四季度评价抽奖"),
        ("2026-12-31T16:00:00+00:00", "2027-03-31T15:00:00+00:00", "2027 年第一季度评价抽奖"),
        ("2026-05-08T00:00:00+08:00", "2026-06-15T00:00:00+08:00", "2026 年第二季度评价抽奖"),
        ("2026-09-01T00:00:00+08:00", "2026-11-01T00:00:00+08:00", "2026-09-01 至 2026-10-31 评价抽奖"),
    ],
)
def test_a_draw_is_called_by_its_quarter(app: Flask, opens: str, closes: str, name: str) -> None:
    with app.test_request_context():
        assert filters.draw_name(opens, closes) == name
        assert filters.draw_name(filters.moment_of(opens), filters.moment_of(closes)) == name


def test_a_draw_not_of_one_quarter_says_its_days_once(app: Flask) -> None:
    with app.test_request_context():
        assert filters.draw_days("2026-10-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00") == "2026-10-01 至 2026-12-31"
        assert filters.draw_days("2026-09-01T00:00:00+08:00", "2026-11-01T00:00:00+08:00") == ""


def test_numbers_fall_one_by_one_where_they_are_of_a_lottery() -> None:
    two_groups = filters.balls({"value": "03 08 19 26 33+02 11"})
    assert [ball.number for ball in two_groups] == ["03", "08", "19", "26", "33", "02", "11"]
    assert [ball.second for ball in two_groups] == [False] * 5 + [True] * 2
    assert filters.balls({"value": "ab" * 32}) == []
