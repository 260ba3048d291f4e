import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Phone:
    """A person of the sandbox, as the service account knows him."""

    name: str
    label: str
    english: str
    openid: str
    follows: bool = True


PHONES: Mapping[str, Phone] = {
    phone.name: phone
    for phone in (
        Phone("nurse", "护士", "Nurse", "oSandboxNurse-7Qe2VtYk0Lw3Ub"),
        Phone("engineer", "工程师", "Engineer", "oSandboxEngineer-4Rm8XcJ1Zs6"),
        Phone("supervisor", "监督员", "Supervisor", "oSandboxSupervisor-9Hn5Pd2Kx"),
        Phone("stranger", "陌生人", "Stranger", "oSandboxStranger-1Gf7Wb3Ty6M", follows=False),
    )
}


# Followers nobody holds the phone of: messages to them are accepted and can be read by /sandbox/messages only.
_CROWD = re.compile(r"oDemo[A-Za-z0-9]{23}")


def phone_of(openid: object) -> Phone | None:
    """The person behind an openid of the service account; None for an openid it does not know."""
    if isinstance(openid, str) and _CROWD.fullmatch(openid):
        return Phone("", "关注者", "Follower", openid)
    return next((phone for phone in PHONES.values() if phone.openid == openid), None)
