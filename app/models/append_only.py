"""Which rows the database itself refuses to change: what happened stays, a correction is a new row.

The triggers stand in the migrations; a test holds every table of the models to this page, and `/readyz` looks for them.
"""

# Nothing is changed or deleted.
FROZEN = frozenset(
    {
        "case_finding",
        "case_rating",
        "completion_helper",
        "counted_rating",
        "draw",
        "draw_checkpoint",
        "draw_claim",
        "draw_committee",
        "draw_double",
        "draw_file",
        "draw_file_part",
        "draw_number",
        "draw_receipt",
        "draw_secret",
        "draw_tree",
        "draw_winner",
        "entered_rating",
        "event",
        "feed_entry",
        "holiday_notice",
        "indicator_check",
        "indicator_entry",
        "integrity_decision",
        "integrity_flag",
        "rating",
        "rating_correction",
        "rating_exclusion",
        "rule_set",
        "seal_checkpoint",
        "seal_verification",
        "sealed_batch",
        "sheet",
        "sheet_answer",
        "sheet_objection",
        "sheet_rows",
        "sheet_settlement",
        "sheet_signature",
        "slip_link",
        "slip_pad",
    }
)

# Nothing is deleted, and what may change is named in the trigger: an answer once, a decision once, words only go.
STAYS = frozenset(
    {
        "case_appeal",
        "case_handover",
        "case_note",
        "completion",
        "draw_objection",
        "erasure_request",
        "event_note",
        "rating_detail",
        "register_entry",
        "service_case",
        "ticket_note",
    }
)

# What may change is named in the trigger; what is old or erased is deleted.
KEPT = frozenset(
    {
        "appeal_photo",
        "bind_invitation",
        "binding_try",
        "draw_claim_photo",
        "entered_rating_photo",
        "identity_claim",
        "notice_try",
        "person",
        "register_file",
        "ticket_asset",
        "ticket_photo",
        "wechat_identity",
    }
)

# How things stand now, and what is only under way: what was before is told by events.
CURRENT = frozenset(
    {
        "api_session",
        "asset",
        "campus",
        "category",
        "channel_stop",
        "completion_clock",
        "completion_job",
        "console_scan",
        "contract",
        "contract_scope",
        "corridor_day",
        "corridor_measure",
        "corridor_quarter",
        "counter",
        "credential",
        "department",
        "downtime_form",
        "duty_shift",
        "duty_swap",
        "employment",
        "feed_mark",
        "forgotten_openid",
        "hospital_mark",
        "idempotent_post",
        "inbound",
        "incident_child",
        "integration_key",
        "integration_post",
        "major_incident",
        "saved_filter",
        "mini_code",
        "monitoring_alarm",
        "notice",
        "oauth_attempt",
        "place",
        "portrait",
        "post",
        "post_approval",
        "rating_day",
        "provider",
        "register_record",
        "role_grant",
        "rollup_mark",
        "rule_set_draft",
        "sheet_draft",
        "subscription_credit",
        "team",
        "ticket",
        "ticket_helper",
        "webhook_delivery",
        "webhook_endpoint",
        "webhook_try",
        "wechat_token",
    }
)

# What the database writes with a rating: its event, its slot, whose work it is.
_RATED = {"sqlite": {"rating_copied", "rating_event", "rating_slot"}, "postgresql": {"rating_copied", "rating_given"}}
_KINDS = {
    "sqlite": (
        ("no_update", FROZEN),
        ("no_delete", FROZEN | STAYS),
        ("kept", KEPT | STAYS),
        ("no_replace", FROZEN | STAYS | KEPT),
    ),
    "postgresql": (("append_only", FROZEN), ("stays", STAYS), ("kept", KEPT | STAYS)),
}


def triggers(dialect: str) -> frozenset[str]:
    """The names of the triggers a database of this kind must have."""
    made = {f"{table}_{kind}" for kind, tables in _KINDS[dialect] for table in tables}
    return frozenset(_RATED[dialect] | made)
