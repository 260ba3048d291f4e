"""Public numbers: how much chance is in them, and what may stand in for an issue that was not drawn."""

import pytest

from lottery.sources import BEACON, SOURCES, next_issues


def test_a_beacon_carries_its_bits_and_is_never_replaced() -> None:
    assert SOURCES[BEACON].bits == 256
    assert next_issues(BEACON, "1000") == ()
    assert SOURCES[BEACON].fits("0f" * 32)
    assert not SOURCES[BEACON].fits("0F" * 32)


@pytest.mark.parametrize(("name", "least"), [("cn-kl8", 61), ("cn-dlt", 24), ("cn-ssq", 24)])
def test_a_lottery_carries_the_bits_of_its_balls(name: str, least: int) -> None:
    assert least < SOURCES[name].bits < least + 1


def test_an_issue_is_followed_by_the_next_or_by_the_first_of_a_year() -> None:
    assert next_issues("cn-ssq", "2026150") == ("2026151", "2027001")
