"""Praise on the thanks page: what can be agreed to, and that nothing is chosen beforehand."""

import re

from sqlalchemy import select

from app.models import RatingDetail
from tests.conftest import Phone
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.world import World


def test_the_boxes_of_the_thanks_page_are_empty_and_say_what_they_do(world: World, slip: Slip, phone: Phone) -> None:
    ticket, nurse = world.ticket("finished"), phone(world.nurse_identity)
    slip.rate(nurse, ticket, 5)
    page = nurse.get(slip.path(ticket)).text
    assert re.search(r'name="signed"\s+value="1"><span>表扬署名：让工程师看到我的姓名和科室', page)
    assert re.search(r'name="public"\s+value="1"><span>表扬的文字可以上表扬墙', page)
    slip.rate(nurse, low := world.ticket("finished"), 1)
    assert 'name="signed"' not in nurse.get(slip.path(low)).text


def test_what_was_ticked_is_kept_and_the_page_leads_to_where_it_is_taken_back(
    world: World, slip: Slip, phone: Phone
) -> None:
    ticket, nurse = world.ticket("finished"), phone(world.nurse_identity)
    slip.rate(nurse, ticket, 5)
    page = slip.path(ticket)
    assert "/my/praise" not in nurse.get(page).text
    send(nurse, page, f"{page}/detail", comment="来得真快", praise="1", signed="1")
    with world.database.reading() as session:
        kept = session.scalars(select(RatingDetail)).one()
    assert (kept.praise, kept.signed, kept.public) == ("asked", True, False)
    assert 'href="/my/praise"' in nurse.get(page).text
