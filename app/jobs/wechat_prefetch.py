"""Asks WeChat beforehand for what no page waits for: the ticket that signs pages, the codes of invitations."""

from datetime import datetime, timedelta
from threading import Event

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services.identity import invitations
from wechat.account import ServiceAccount
from wechat.errors import Action, WeChatError

REST = timedelta(hours=1)  # where WeChat does not let this account sign pages at all


def keep_asking(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Ask when woken, and every minute. Safe to run in any number of workers."""
    ticket_due = clock.now()

    def one_round() -> None:
        nonlocal ticket_due
        ticket_due = ask(runtime, ticket_due=ticket_due)

    loop.run_loop(one_round, fault="a round of errands failed", woken=woken, stopping=stopping)


def ask(runtime: Runtime, *, ticket_due: datetime) -> datetime:
    """Fetch what is wanted; answers when to look after the ticket again."""
    account = runtime.service_account
    if account is None:
        return ticket_due
    if runtime.settings.scans_arrive:
        _make_codes(runtime, account)
    return _renew_ticket(account) if ticket_due <= clock.now() else ticket_due


def _make_codes(runtime: Runtime, account: ServiceAccount) -> None:
    now = clock.now()
    with runtime.database.reading() as session:
        waiting = invitations.without_code(session, at=now)
    for invitation in waiting:
        scene = invitations.SCENE + runtime.links.invitation_token(invitation.number)
        left = invitation.expires_at - now
        try:
            code = account.create_code(scene, seconds=max(60, int(left.total_seconds())))
        except WeChatError:  # is in the log; the link serves meanwhile
            return
        with runtime.database.transaction() as session:
            invitations.keep_code(session, invitation.id, code, at=clock.now())


def _renew_ticket(account: ServiceAccount) -> datetime:
    now = clock.now()
    try:
        account.renew_ticket()
    except WeChatError as error:
        return now + (loop.SWEEP if error.action is Action.RETRY else REST)
    return now
