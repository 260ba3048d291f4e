"""The pages of the mini-program's released version."""

RELEASED = frozenset(
    f"pages/{name}/index" for name in ("index", "rate", "ticket", "my", "report", "engineer", "scan", "complaint")
)


def is_released(page: str) -> bool:
    return page.partition("?")[0] in RELEASED
