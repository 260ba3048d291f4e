"""The announcement on paper: its hash in groups of four, its prizes and dates, a code that leads to the page."""

import pypdfium2
import pytest
from flask.testing import FlaskClient

from tests.draws.story import DRAW_ID, Story
from tests.support.codes import read_codes

POSTER = f"/draws/{DRAW_ID}/poster.pdf"


def test_the_poster_says_what_was_announced_and_leads_to_it(story: Story, client: FlaskClient) -> None:
    draw = story.announce()
    page = printed(client)
    text = page.get_textpage().get_text_range()
    digits = draw.announcement_sha256
    groups = [digits[start : start + 4] for start in range(0, 64, 4)]
    for said in (" ".join(groups[:8]), " ".join(groups[8:]), "保温杯 × 1", "2026-12-31 18:00", "2027-01-04 21:30"):
        assert said in text
    found = read_codes(page.render(scale=2, grayscale=True).to_pil())
    assert [one.text for one in found] == [f"http://localhost/draws/{DRAW_ID}"]
    assert page.get_size() == pytest.approx((595.28, 841.89), abs=0.1)


def test_the_poster_holds_many_and_long_prizes(story: Story, client: FlaskClient) -> None:
    tiers = [
        {"tier": number, "name": f"第{number}等奖", "prize": "一份很长的奖品名称" * 4, "value_fen": 100, "count": 3}
        for number in range(1, 41)
    ]
    story.announce(tiers=tiers, organiser={"name": "和平医院信息科" * 12, "contact": "6120"})
    text = printed(client).get_textpage().get_text_range()
    assert "第1等奖" in text


def printed(client: FlaskClient) -> pypdfium2.PdfPage:
    answer = client.get(POSTER)
    assert answer.mimetype == "application/pdf"
    assert f'filename="{DRAW_ID}-poster.pdf"' in answer.headers["Content-Disposition"]
    pdf = pypdfium2.PdfDocument(answer.data)
    assert len(pdf) == 1
    return pdf[0]
