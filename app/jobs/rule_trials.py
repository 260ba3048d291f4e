"""Tries drafts of rules that somebody asked to see tried: the page shows what came of it when it is there."""

from threading import Event

from app.jobs import loop
from app.models import Contract
from app.runtime import Runtime
from app.services.sheets import rule_drafts, rule_trial
from app.services.sheets.rule_drafts import ASKED_BY, Act


def keep_trying(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Killed in between, it is tried again; two workers come to the same, and the first is kept."""
    loop.run_loop(lambda: try_all(runtime), fault="trying drafts of rules failed", woken=woken, stopping=stopping)


def try_all(runtime: Runtime) -> None:
    zone = runtime.settings.timezone
    with runtime.database.reading() as session:
        trials = [(one.contract_id, one.digest, (one.trial or {})[ASKED_BY]) for one in rule_drafts.to_try(session)]
    for contract_id, digest, by in trials:
        with runtime.database.reading() as session:
            contract = session.get_one(Contract, contract_id)
            draft = rule_drafts.draft(session, contract)
            found = rule_trial.of_draft(session, draft, today=runtime.now().astimezone(zone).date(), zone=zone)
        with runtime.database.transaction() as session:
            rule_drafts.tried(session, contract, found, Act(by, runtime.now()), digest=digest)
