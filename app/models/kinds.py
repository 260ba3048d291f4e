"""Every kind of event and of notice, declared once: what it is about, who may see it, what it does.

Law 11 of the domain is a column here. `provider` says whether the provider's staff may read it, in whatever page, list,
export or message: a kind that speaks of a rating, a complaint or a person's rights is the hospital's alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.models.ticket import STATES

Subject = Literal[
    "ticket",
    "rating",
    "case",
    "complaint",
    "draw",
    "person",
    "contract",
    "setting",
    "history",
    "sheet",
    "register",
    "signal",
    "corridor",
    "category",
    "department",
    "post",
    "campus",
    "provider",
    "team",
]


@dataclass(frozen=True)
class EventKind:
    """One kind of event."""

    subject: Subject
    """What its `subject_id` names a row of."""
    provider: bool = False
    """The provider's staff may see it."""
    leaves: str | None = None
    """The state in which it leaves the ticket, where it moves it."""
    urgent: bool = False
    """Somebody waits for an answer to it."""

    @property
    def moves(self) -> bool:
        return self.leaves is not None


@dataclass(frozen=True)
class NoticeKind:
    """One kind of notice; what it says and when it is pushed is the hospital's, in config/notices.toml."""

    to: Literal["engineer", "supervision", "user", "admin"]
    provider: bool = False
    """The provider's staff may see that it was sent, to whom, and what came of it."""
    awaits_opening: bool = False
    """Somebody waits until its reader has opened the ticket."""
    inbox_only: bool = False
    """Sent by no channel: WeChat carries no word of a prize."""
    every_way: bool = False
    """Sent by every channel that reaches the person, not by the first alone."""


_WORK = EventKind("ticket", provider=True)
_OF_RATING = EventKind("rating")
_OF_CASE = EventKind("case")
_OF_DRAW = EventKind("draw")

EVENTS: Mapping[str, EventKind] = {
    **{state: EventKind("ticket", provider=True, leaves=state) for state in STATES},
    "declined": EventKind("ticket", provider=True, leaves="reported"),  # its engineer gives it back, with a reason
    "handed_over": EventKind("ticket", provider=True, leaves="dispatched"),  # from engineer to engineer
    "helper_called": _WORK,
    "details_corrected": _WORK,  # category, priority, place, asset or who was served: each with what it was
    "noted": _WORK,  # a note for all who work on it
    "noted_inside": EventKind("ticket"),  # a note of the hospital for itself
    "recorded": _WORK,  # a node of an imported log; its state is the log's
    "opened": _WORK,
    "paused": _WORK,  # its solution waits for the user, a part or a supplier
    "resumed": _WORK,
    "limit_missed": EventKind("ticket", provider=True, urgent=True),  # dispatch, response, arrival or solution
    "urged": EventKind("ticket", provider=True, urgent=True),
    "urge_answered": _WORK,  # somebody said to the user what is being done
    "urge_escalated": EventKind("ticket", provider=True, urgent=True),  # nobody has, for half an hour
    "still_broken": EventKind("ticket", urgent=True),
    "downtime_checked": _WORK,  # a supervisor has held the form against what was taken in
    "incident_declared": _WORK,  # one fault of many: others join it
    "incident_closed": _WORK,
    "incident_reviewed": _WORK,  # what was learned of it is written down
    "linked": _WORK,  # another ticket is about the same fault, for another provider
    "joined": _WORK,  # somebody has it too
    "alarm_cleared": _WORK,  # the monitoring system says that it is over
    "shown": _WORK,
    "code_opened": _WORK,
    "slip_linked": _WORK,
    "rated": _OF_RATING,
    "corrected": _OF_RATING,
    "rating_detailed": _OF_RATING,  # reasons, faces, words: what they are stands in the row alone
    "rating_excluded": _OF_RATING,
    "praise_approved": _OF_RATING,
    "praise_refused": _OF_RATING,
    "praise_withdrawn": _OF_RATING,  # it is signed no more, or off the wall
    "rating_entered": EventKind("ticket"),
    "case_opened": EventKind("case", urgent=True),
    "case_pressed": EventKind("case", urgent=True),  # of the same rating: somebody wanted it changed
    "case_taken": _OF_CASE,
    "case_called": _OF_CASE,
    "case_answered": _OF_CASE,
    "case_found": _OF_CASE,  # what the complaint is, and whether it is true
    "case_insisted": EventKind("case", urgent=True),  # the answer, or what was done, did not help
    "recovery_agreed": _OF_CASE,
    "case_recovered": _OF_CASE,
    "case_rerated": _OF_CASE,
    "case_overdue": EventKind("case", urgent=True),
    "case_handed_over": _OF_CASE,  # to the provider's quality manager
    "recovery_planned": _OF_CASE,
    "appealed": EventKind("case", urgent=True),
    "appeal_upheld": _OF_CASE,
    "appeal_refused": _OF_CASE,
    "case_closed": _OF_CASE,
    # Of the time before there were cases; the case has the complaint's number.
    "complained": EventKind("complaint", urgent=True),
    "complaint_answered": EventKind("complaint"),
    "duty_planned": EventKind("person"),
    "duty_swapped": EventKind("person"),
    "duty_swap_refused": EventKind("person"),
    "checked_in": EventKind("person"),
    "post_approved": EventKind("person"),
    "roles_changed": EventKind("person"),
    "employment_changed": EventKind("person"),
    "password_changed": EventKind("person"),  # set by an admin, or by themselves
    "account_switched_off": EventKind("person"),  # of the console: roles and password are gone
    "bound": EventKind("person"),
    "unbound": EventKind("person"),
    "erased": EventKind("person"),
    "category_changed": EventKind("category"),  # added, renamed, moved, switched off or on
    "department_changed": EventKind("department"),
    "post_changed": EventKind("post"),
    "campus_changed": EventKind("campus"),
    "provider_changed": EventKind("provider"),
    "team_changed": EventKind("team"),
    "contract_made": EventKind("contract"),
    "contract_changed": EventKind("contract"),  # ended earlier, prolonged, corrected before anything hung on it
    "contract_base_set": EventKind("contract"),
    "rules_drafted": EventKind("contract"),
    "rules_dropped": EventKind("contract"),
    "rules_tried": EventKind("contract"),  # on the figures of the last quarter
    "rules_in_force": EventKind("contract"),
    "figure_entered": EventKind("contract"),
    "figure_checked": EventKind("contract"),
    "sheet_frozen": EventKind("sheet"),
    "sheet_objected": EventKind("sheet"),
    "sheet_answered": EventKind("sheet"),
    "sheet_signed": EventKind("sheet"),
    "sheet_settled": EventKind("sheet"),
    "signal_raised": EventKind("signal"),
    "signal_decided": EventKind("signal"),
    "settings_changed": EventKind("setting"),
    "mark_changed": EventKind("setting"),  # the hospital's, on top of every page
    "integrations_changed": EventKind("setting"),  # a key made or revoked, a webhook added or switched
    "days_off_taken_in": EventKind("setting"),  # the State Council's notice for a year
    "history_exported": EventKind("history"),
    "register_written": EventKind("register"),
    "register_confirmed": EventKind("register"),  # by a second person
    "register_moved": EventKind("register"),  # parts came in, went out, were counted
    "register_due": EventKind("register"),  # who answers for it was told that its day comes
    "register_overdue": EventKind("register"),
    "register_filed": EventKind("register"),  # evidence was put to it
    "register_taken_out": EventKind("register"),  # evidence that was wrong; its digest stays
    "register_used": EventKind("register"),  # for a ticket that was finished
    "measure_taken_up": EventKind("corridor"),  # something is done about a hot spot
    "measure_done": EventKind("corridor"),
    "announced": _OF_DRAW,
    "checkpoint": _OF_DRAW,
    "committed": _OF_DRAW,
    "objected": _OF_DRAW,
    "objection_upheld": _OF_DRAW,
    "objection_refused": _OF_DRAW,
    "number_typed": _OF_DRAW,
    "number_fetched": _OF_DRAW,
    "number_stands": _OF_DRAW,
    "decided": _OF_DRAW,
    "named_1": _OF_DRAW,
    "named_2": _OF_DRAW,
    "claimed": _OF_DRAW,
    "waived": _OF_DRAW,
    "ineligible": _OF_DRAW,
    "expired": _OF_DRAW,
    "key_read": _OF_DRAW,
}

NOTICES: Mapping[str, NoticeKind] = {
    "dispatched": NoticeKind("engineer", provider=True, awaits_opening=True),
    "reassigned": NoticeKind("engineer", provider=True),
    "helper_called": NoticeKind("engineer", provider=True),
    "reopened": NoticeKind("engineer", provider=True, awaits_opening=True),
    "not_opened": NoticeKind("engineer", provider=True, awaits_opening=True),
    "backup": NoticeKind("engineer", provider=True, awaits_opening=True),
    "overdue_soon": NoticeKind("engineer", provider=True),
    "overdue": NoticeKind("engineer", provider=True),
    "limit_missed": NoticeKind("engineer", provider=True),
    "limit_missed_team": NoticeKind("supervision", provider=True),  # to whoever leads the team, or the provider
    "limit_missed_hospital": NoticeKind("supervision", provider=True),  # to the hospital's supervisors
    "urged": NoticeKind("engineer", provider=True),
    "urge_unanswered": NoticeKind("supervision", provider=True),  # to the hospital's supervisors on duty
    "urge_answered": NoticeKind("user", provider=True),
    "finished": NoticeKind("user", provider=True),
    "rate_reminder": NoticeKind("user"),
    "complaint_answered": NoticeKind("user"),
    "recovered": NoticeKind("user"),
    "case_opened": NoticeKind("supervision"),
    "case_overdue": NoticeKind("supervision"),
    "case_handed_over": NoticeKind("supervision"),
    "appealed": NoticeKind("supervision"),
    "register_due": NoticeKind("supervision"),  # to whoever answers for it, of the hospital or the provider
    "register_overdue": NoticeKind("supervision"),
    "won": NoticeKind("user", inbox_only=True),
    "bound": NoticeKind("user", every_way=True),  # a phone was bound to the person's number, or claims it
    "praised": NoticeKind("engineer"),  # words a user wanted passed on; of no ticket, so that nobody is read off it
    "channel_stopped": NoticeKind("admin", provider=True),
}

BESIDE_A_TICKET = frozenset({"ticket", "rating", "complaint"})  # what happened to these stands in a ticket's history
PROVIDER_SEES_EVENTS = frozenset(name for name, kind in EVENTS.items() if kind.provider)
PROVIDER_SEES_NOTICES = frozenset(name for name, kind in NOTICES.items() if kind.provider)
INBOX_ONLY = frozenset(name for name, kind in NOTICES.items() if kind.inbox_only)
EVERY_WAY = frozenset(name for name, kind in NOTICES.items() if kind.every_way)
AWAITS_OPENING = frozenset(name for name, kind in NOTICES.items() if kind.awaits_opening)
