"""The people of the demo whose place anybody may take: their phones are the sandbox's, their password is printed."""

from dataclasses import dataclass

PASSWORD = "mashangping-demo"  # noqa: S105 shown on the demo's start page, and only there


@dataclass(frozen=True)
class Part:
    """One of them, as the roster has them. `phone` names their phone in the sandbox."""

    staff_number: str
    name: str
    telephone: str
    phone: str = ""

    @property
    def last_four(self) -> str:
        return self.telephone[-4:]


NURSE = Part("000871", "林晓燕", "12000000871", phone="nurse")
ENGINEER = Part("W0006", "陈志远", "12000009006", phone="engineer")
SUPERVISOR = Part("000105", "吴静", "12000000105", phone="supervisor")
# On the roster, but not bound to WeChat yet: whoever plays the stranger can do that.
STRANGER = Part("000933", "许明", "12000000933")
DESK = Part("W0002", "何芳", "12000009002")
ADMIN = Part("000103", "郑凯", "12000000103")
AUDITOR = Part("000216", "宋敏", "12000000216")

CONSOLE = {"desk": DESK, "supervisor": SUPERVISOR, "admin": ADMIN, "auditor": AUDITOR}
