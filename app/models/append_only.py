"""Which rows the database itself refuses to change: what happened stays, a correction is a new row.

The triggers stand in the migrations; `/readyz` looks for them.
"""

# Nothing is changed or deleted.
FROZEN = frozenset(
    {
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
        "rating",
        "rating_correction",
        "rating_exclusion",
        "slip_link",
        "slip_pad",
    }
)

# What the database writes with a rating: its event and its slot.
_RATED = {"sqlite": {"rating_event", "rating_slot"}, "postgresql": {"rating_given"}}


def triggers(dialect: str) -> frozenset[str]:
    """The names of the triggers a database of this kind must have."""
    kinds = ("no_update", "no_delete") if dialect == "sqlite" else ("append_only",)
    return frozenset(_RATED[dialect] | {f"{table}_{kind}" for table in FROZEN for kind in kinds})
