"""What a service says when it cannot do what was asked. The web floor turns the code into words."""


class Refused(Exception):
    """A rule said no. `code` is stable and names the rule; `facts` are values the text may use."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Missing(Refused):
    """What was asked for does not exist, or not for this visitor."""
