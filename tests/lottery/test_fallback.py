"""When the announced issue is not drawn: the next one, and no other."""

from pathlib import Path

import pytest

from lottery.verify import verify
from tests.lottery.bundles import DLT, KL8, Bundle, announcement
from tests.lottery.test_verify import lie


def test_the_fallback_names_the_issue_it_replaces(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path)
    bundle.announce()
    bundle.commit()
    bundle.draw(1, [("cn-kl8", "2027005", KL8), ("cn-dlt", "2027002", DLT)])
    assert all(check.holds for check in verify(tmp_path))
    bundle.change("result-1.json", lambda result: result["sources"][0].pop("replaces"))
    assert lie(bundle) == "result-1.json: issue of cn-kl8"


@pytest.mark.parametrize(
    ("announced", "used", "may"),
    [
        ("2026351", "2026352", True),
        ("2026351", "2027001", True),
        ("26150", "27001", True),
        ("199", "200", True),
        ("2026351", "2026353", False),
        ("2026351", "2027002", False),
        ("2026351", "2028001", False),
        ("2026351", "2026350", False),
    ],
)
def test_a_fallback_is_the_next_issue_or_the_first_of_the_next_year(
    tmp_path: Path, announced: str, used: str, may: bool
) -> None:
    told = announcement()
    told["sources"][0]["issue"] = announced
    bundle = Bundle(tmp_path, told)
    bundle.announce()
    bundle.commit()
    bundle.draw(1, [("cn-kl8", used, KL8), ("cn-dlt", "2027002", DLT)])
    assert may or lie(bundle) == "result-1.json: fallback of cn-kl8 is the next issue"
    assert verify(tmp_path)[-1].holds is may
