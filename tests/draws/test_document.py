"""docs/lottery.md is what a second verifier is written from: it says every check, in its order, and its draft works."""

import json
import re
from pathlib import Path

from app.paths import ROOT
from app.services.draws import announcement as announcing
from app.services.draws.announcement import OURS
from lottery import sources
from lottery.verify import verify
from tests.lottery.bundles import Bundle, announcement
from tests.lottery.test_verify import QUICKNET

DOCUMENT = (ROOT / "docs" / "lottery.md").read_text("utf-8")
NAMES = (
    (r"(commit|leaves)-\d+\.", r"\1-N."),
    (r"result-\d\.", "result-R."),
    (r"tier \d+", "tier T"),
    (r"\b(of|of the) (cn-\w+|drand-quicknet)", r"\1 ID"),
    (r"of (cn-\w+|drand-quicknet)", "of ID"),
)
# Written for one version or round only.
SAID_OF_ONE = {
    "commit-N.json: committed by commit_by": "commit-1.json: committed by commit_by",
    "result-R.json: decided after claim_until": "result-2.json: decided after claim_until",
}


def test_every_check_stands_in_the_document_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    bundle = Bundle(tmp_path / "whole").whole()
    for name in (*checks(bundle), *with_a_beacon(tmp_path / "beacon"), *with_two_versions(tmp_path / "two")):
        assert f"`{name}`" in DOCUMENT, name
    for file in ("files", "announcement.json", "commit-N.json", "leaves-N.bin", "result-R.json", "claims.json"):
        said = [DOCUMENT.index(f"`{name}`") for name in checks(bundle) if name.startswith(f"{file}:")]
        assert len(said) > 2
        assert said == sorted(said)


def test_every_source_stands_in_the_document() -> None:
    assert {name for name in sources.SOURCES if f"| `{name}` |" not in DOCUMENT} == set()


def test_the_draft_in_the_document_is_a_good_one() -> None:
    found = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    draft = json.loads(found[1])
    announcing.check({**announcement(), **draft})
    assert set(draft) == set(announcement()) - set(OURS)


def checks(bundle: Bundle) -> list[str]:
    """The names as the document writes them, each once; all of them true."""
    names: dict[str, None] = {}
    for check in verify(bundle.folder):
        assert check.holds, check
        name = check.name
        for pattern, words in NAMES:
            name = re.sub(pattern, words, name)
        names[SAID_OF_ONE.get(name, name)] = None
    return list(names)


def with_a_beacon(folder: Path) -> list[str]:
    folder.mkdir()
    told = announcement(sources=[QUICKNET], redraw_sources=[], redraw_rounds_max=0)
    bundle = Bundle(folder, told)
    bundle.announce()
    return checks(bundle)


def with_two_versions(folder: Path) -> list[str]:
    folder.mkdir()
    bundle = Bundle(folder)
    bundle.announce()
    bundle.commit()
    bundle.commit(2, at="2027-01-02T09:00:00+08:00")
    return checks(bundle)
