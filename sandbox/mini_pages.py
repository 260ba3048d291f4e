"""The pages of the mini-program's released version."""

RELEASED = frozenset(
    f"pages/{name}/{name2}"
    for name in ("index", "rate", "ticket", "my", "report", "engineer", "scan", "complaint")
    for name2 in ("index", name)
)


def is_released(page: str) -> bool:
    return page.partition("?")[0] in RELEASED
