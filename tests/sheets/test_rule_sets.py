"""A contract's own rules: written as a form, tried on the last quarter, put in force; a sheet keeps its version."""

import json
import re
from datetime import datetime, time
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.errors import Refused
from app.jobs import rule_trials
from app.models import Contract, Event, Provider, RuleSetVersion
from app.runtime import Runtime
from app.services.indicators.quarters import Quarter
from app.services.service_levels import agreed
from app.services.sheets import pages, rule_drafts, rule_sets, rule_trial
from app.services.sheets.entries import Value
from app.services.sheets.rule_drafts import Act
from app.services.sheets.terms import Term
from config.sla import service_levels
from tests.conftest import Console
from tests.sheets.conftest import Story
from tests.support.console_forms import send
from tests.support.world import ZONE

BOX = re.compile(r'<input class="form-control form-control-sm" name="([^"]+)" value="([^"]*)"')
SELECT = re.compile(r'<select class="[^"]*" name="([^"]+)".*?<option value="([^"]*)" selected>', re.DOTALL)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def last(story: Story) -> Story:
    """Its last quarter, whose sheet is a draft still."""
    today = clock.now().astimezone(ZONE).date()
    return Story(story.world, Term(story.term.contract, Quarter.at(today).before, ZONE))


def here(story: Story) -> str:
    return f"/console/rules/{story.term.contract.id}"


def filled(client: FlaskClient, page: str) -> dict[str, str]:
    """What the form would send if nothing were changed."""
    shown = client.get(page).text
    return {name: unescape(value) for name, value in BOX.findall(shown)} | dict(SELECT.findall(shown))


def place(client: FlaskClient, page: str, code: str, name: str) -> str:
    """The name of an indicator's box."""
    legend = re.search(rf"<legend>{re.escape(code)} .*?</fieldset>", client.get(page).text, re.DOTALL)
    assert legend is not None
    found = re.search(rf'name="(indicators\.\d+\.{name})"', legend.group())
    assert found is not None
    return found[1]


def draft(client: FlaskClient, story: Story, **changed: str) -> Any:
    page = f"{here(story)}/draft"
    asked = {field: field.partition("__") for field in changed}
    named = {
        place(client, page, code.replace("_", "."), name): changed[field] for field, (code, _, name) in asked.items()
    }
    return send(client, page, page, **{**filled(client, page), **named})


def kinds(story: Story) -> list[str]:
    with story.world.database.reading() as session:
        query = select(Event.kind).where(Event.kind.startswith("rules_")).order_by(Event.id)
        return list(session.scalars(query))


def test_a_form_sent_as_it_was_shown_changes_nothing(story: Story, console: Console) -> None:
    client = console(story.world.admin)
    assert draft(client, story).status_code == 303
    with story.world.database.reading() as session:
        contract = session.get_one(Contract, story.term.contract.id)
        found = rule_sets.content(rule_drafts.draft(session, contract))
        assert found == rule_sets.standing(session, contract, clock.now().date())
    assert "和现行规则一样" in client.get(f"{here(story)}/changes").text


def test_from_a_draft_through_its_trial_into_force(last: Story, console: Console, runtime: Runtime) -> None:
    last.finish()
    last.check(last.enter("C8.1", Value(count=1)))
    last.count()
    client, page = console(last.world.supervisor), f"{here(last)}/changes"
    assert draft(client, last, C8_1__weight="1.00", C8_1__per="0.50", C1_1__weight="5.00").status_code == 303
    shown = client.get(page).text
    assert all(f"<del>{was}</del></td><td><b>{now}</b>" in shown for was, now in (("2.00", "1.00"), ("4.00", "5.00")))
    assert send(client, page, f"{here(last)}/trial").status_code == 303
    assert "正在后台试算" in client.get(page).text
    assert kinds(last) == ["rules_drafted"]
    rule_trials.try_all(runtime)
    rule_trials.try_all(runtime)
    with last.world.database.reading() as session:
        contract = session.get_one(Contract, last.term.contract.id)
        trial = rule_drafts.draft(session, contract).trial
    assert trial is not None
    [line] = [line for line in trial["lines"] if line["code"] == "C8.1"]
    assert line["points"][0] == 0
    assert line["points"][1] > 0
    was, now = trial["was"]["total"], trial["now"]["total"]
    assert was == last.view().content["total"]  # type: ignore[index]
    shown = client.get(page).text
    assert f"会是 <b>{now // 100}.{now % 100:02}</b>" in shown
    assert f"而不是 {was // 100}.{was % 100:02}" in shown
    quarter = str(Quarter.at(clock.now().astimezone(ZONE).date()))
    forced = send(client, page, f"{here(last)}/force", reason="双方商定", quarter=quarter)
    assert forced.status_code == 303
    assert kinds(last) == ["rules_drafted", "rules_tried", "rules_in_force"]
    assert "双方商定" in client.get(here(last)).text
    # The quarter that runs is counted by it, the one before by what stood then.
    running = Story(last.world, Term(last.term.contract, Quarter.read(quarter), ZONE))
    running.count()
    last.count()
    assert [one.view().content["rules"] for one in (running, last)] == [f"{contract.number}/1", "default-1"]  # type: ignore[index]
    assert running.line("C8.1")["rule"]["weight"] == 100
    assert f"{contract.number}/1" in client.get(f"/console/sheets/{contract.id}/{quarter}").text


def test_a_trial_of_what_was_changed_meanwhile_is_none_and_one_that_cannot_be_says_why(
    last: Story, console: Console, runtime: Runtime
) -> None:
    client, page = console(last.world.supervisor), f"{here(last)}/changes"
    draft(client, last, C8_1__weight="1.00", C1_1__weight="5.00")
    send(client, page, f"{here(last)}/trial")
    rule_trials.try_all(runtime)
    assert "还没有计算" in client.get(page).text
    assert kinds(last) == ["rules_drafted"]
    last.finish()
    last.count()
    send(client, page, f"{here(last)}/trial")
    with last.world.database.reading() as session:
        digest = rule_drafts.to_try(session)[0].digest
    draft(client, last, C8_1__weight="1.50", C1_1__weight="4.50")
    send(client, page, f"{here(last)}/trial")
    with last.world.database.transaction() as session:
        contract, act = session.get_one(Contract, last.term.contract.id), Act(last.world.admin.id, last.at)
        rule_drafts.tried(session, contract, {"now": 1}, act, digest=digest)
    assert "正在后台试算" in client.get(page).text
    assert "请写明原因" in send(client, page, f"{here(last)}/force", reason=" ", quarter=str(last.term.quarter)).text


def test_a_trial_comes_to_what_the_sheet_comes_to_under_those_rules(last: Story) -> None:
    """Beside the sheet itself: the same figures, counted by the sheet once the rules are in force."""
    for day in (3, 20, 40):
        last.finish(day)
    last.count()
    with last.world.database.transaction() as session:
        contract = session.get_one(Contract, last.term.contract.id)
        standing = rule_sets.standing(session, contract, last.term.quarter.first)
        content = json.loads(json.dumps(standing))
        for one in content["limits"]:
            one["response"] = one["arrival"] = one["solution"] = "1m"
        for one in content["indicators"]:
            one["weight"] = {"C1.1": "5.00", "C1.2": "2.00"}.get(one["code"], one["weight"])
        trial = rule_trial.trial(session, last.term, content, standing)
        values = {"contract_id": contract.id, "version": 1, "name": "own", "since": last.term.quarter.first}
        who = {"reason": "试", "by_id": last.world.admin.id, "at": last.at}
        session.add(RuleSetVersion(**values, **who, content=json.dumps(content), digest=""))
    assert trial["clocks"]
    last.count()
    content_now = last.view().content
    assert content_now is not None
    assert trial["now"]["total"] == content_now["total"]
    assert trial["now"]["fee"] == content_now["settlement"]["fee"]
    tried = {line["code"]: line for line in trial["lines"]}
    for line in content_now["lines"]:
        if line["code"] in tried:
            assert tried[line["code"]]["points"][1] == line["points"]
            assert tried[line["code"]]["figure"][1] == line["figure"]
    assert tried["C1.1"]["figure"][1] != tried["C1.1"]["figure"][0]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("C8_1__weight", "2.01", "各项权重合计必须是 100.00"),
        ("C8_1__weight", "two", "应写成 3.00"),
        ("C1_1__target", "95", "应写成 95%"),
        ("C1_1__floor", "95%", "底线不能等于目标"),
        ("C1_1__type", "Y", "Y 都不填"),
        ("C1_1__per", "1.00", "L 要填目标和底线"),
        ("C1_1__target", "", "L 要填目标和底线"),
    ],
)
def test_a_mistake_stands_beside_its_field(story: Story, console: Console, field: str, value: str, said: str) -> None:
    answer = draft(console(story.world.admin), story, **{field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert kinds(story) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("settlement.bands.5.least", "10.00", "最后一级从 0.00 起"),
        ("settlement.bands.0.k", "1.01", "k 不能大于 1.00"),
        ("settlement.full_at", "90.00", "不能都填"),
        ("bonus.praise", "x", "应写成 3.00"),
        ("objections", "soon", "应写成 30m"),
        ("limits.0.response", "5", "应写成 30m"),
        ("limits.1.priorities", "1", "最后一行要对所有工单都适用"),
        ("limits.0.departments", "moon", "没有这样的"),
    ],
)
def test_bands_and_limits_are_checked_as_the_files_are(
    story: Story, console: Console, field: str, value: str, said: str
) -> None:
    client, page = console(story.world.admin), f"{here(story)}/draft"
    answer = send(client, page, page, **{**filled(client, page), field: value})
    assert answer.status_code == 422
    assert said in answer.text


def test_a_rate_does_not_become_a_number_of_events(story: Story) -> None:
    with story.world.database.reading() as session:
        contract = session.get_one(Contract, story.term.contract.id)
        standing = rule_sets.standing(session, contract, clock.now().date())
    content = json.loads(json.dumps(standing))
    number, one = next((n, one) for n, one in enumerate(content["indicators"]) if one["code"] == "C1.1")
    content["indicators"][number] = {
        **{name: value for name, value in one.items() if name not in {"target", "floor"}},
        "type": "D",
        "per": "1.00",
    }
    assert rule_sets.wrong(content, standing) == {f"indicators.{number}.type": "other_figure"}


def test_of_two_who_write_the_second_is_told(story: Story, console: Console) -> None:
    client, page = console(story.world.admin), f"{here(story)}/draft"
    first = {**filled(client, page), "seen": ""}
    assert send(client, page, page, **first).status_code == 303
    assert send(client, page, page, **first).status_code == 409


def test_rules_begin_with_a_quarter_that_nothing_is_frozen_of(story: Story) -> None:
    world, act = story.world, Act(story.world.admin.id, story.at)
    story.finish()
    story.count()
    story.freeze()
    with world.database.transaction() as session:
        contract = session.get_one(Contract, story.term.contract.id)
        standing = rule_sets.standing(session, contract, story.term.quarter.first)
        digest = rule_drafts.save(session, contract, standing, act, seen="").digest
        morning = datetime.combine(story.term.quarter.last, time(9), tzinfo=ZONE)

        def force(quarter: Quarter, digest: str = digest, at: datetime = story.at) -> str:
            with pytest.raises(Refused) as refused:
                rule_drafts.put_in_force(
                    session, contract, quarter, digest=digest, reason="商定", act=Act(act.by, at), zone=ZONE
                )
            return refused.value.code

        assert force(story.term.quarter) == "rules_since"
        assert force(story.term.quarter, at=morning) == "rules_quarter_frozen"
        assert force(story.term.quarter.after.after, digest="other") == "rules_draft_changed"
    assert story.view().content["rules"] == "default-1"  # type: ignore[index]


def test_limits_of_a_contract_count_for_what_it_covers(story: Story) -> None:
    act = Act(story.world.admin.id, clock.now())
    today = clock.now().astimezone(ZONE).date()
    with story.world.database.transaction() as session:
        contract = session.get_one(Contract, story.term.contract.id)
        content = rule_sets.standing(session, contract, today)
        content["limits"] = [{**one, "solution": "3h"} for one in content["limits"]]
        digest = rule_drafts.save(session, contract, content, act, seen="").digest
        how: dict[str, Any] = {"digest": digest, "reason": "商定", "act": act, "zone": ZONE}
        rule_drafts.put_in_force(session, contract, Quarter.at(today), **how)
        levels = agreed.levels(session)
    own, other = levels.version(today, contract.number), levels.version(today)
    assert own is not None
    assert {one.solution for one in own.limits} == {"3h"}
    assert other == service_levels().version(today)


def test_who_may_look_and_who_may_write(story: Story, console: Console) -> None:
    world, page = story.world, here(story)
    with world.database.transaction() as session:
        other = Provider(code="other", name="另一家")
        session.add(other)
        session.flush()
        days = {"valid_from": story.term.contract.valid_from, "valid_to": story.term.contract.valid_to}
        strange = Contract(number="HT/9", provider_id=other.id, **days)
        session.add(strange)
    assert draft(console(world.admin), story, C8_1__weight="1.00", C1_1__weight="5.00").status_code == 303
    desk, auditor = console(world.desk), console(world.auditor)
    assert desk.get(page).status_code == 200
    assert desk.get(f"{page}?rules=default-1").status_code == 200
    assert desk.get(f"{page}?rules=nothing").status_code == 404
    assert desk.get(f"/console/rules/{strange.id}").status_code == 404
    assert {desk.get(f"{page}/{name}").status_code for name in ("draft", "changes")} == {403}
    assert "试算" in auditor.get(f"{page}/changes").text
    assert f'action="{page}/force"' not in auditor.get(f"{page}/changes").text
    drop = f"{page}/drop"
    assert send(console(world.admin), f"{page}/changes", drop).status_code == 303
    assert console(world.admin).get(f"{page}/changes").status_code == 404
    assert kinds(story) == ["rules_drafted", "rules_dropped"]


def test_a_frozen_sheet_keeps_its_days_to_object(story: Story) -> None:
    """Under the rules it was frozen by, by their name."""
    story.finish()
    story.count()
    story.freeze()
    before = story.view().standing
    with story.world.database.transaction() as session:
        standing = rule_sets.standing(session, story.term.contract, story.term.quarter.first)
        values = {"contract_id": story.term.contract.id, "version": 1, "name": "own", "reason": "试", "digest": ""}
        content = json.dumps({**standing, "objections": "9wd end"})
        since = story.term.quarter.first
        session.add(RuleSetVersion(**values, since=since, content=content, by_id=story.world.admin.id, at=story.at))
    with story.world.database.reading() as session:
        found = pages.load(session, story.term, for_provider=False).standing
    assert before is not None
    assert found is not None
    assert found.objections_until == before.objections_until
