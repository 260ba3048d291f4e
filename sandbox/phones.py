import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Phone:
    """A person of the sandbox, as each account knows them; no `wecom` user id means that they are not in the corp."""

    name: str
    label: str
    english: str
    openid: str
    mini_openid: str = ""
    unionid: str = ""
    wecom: str = ""
    wecom_openid: str = ""
    number: str = ""
    follows: bool = True


PHONES: Mapping[str, Phone] = {
    phone.name: phone
    for phone in (
        Phone(
            "nurse",
            "护士",
            "Nurse",
            "oSandboxNurse-7Qe2VtYk0Lw3Ub",
            mini_openid="oMiniNurse-3Kd8RwXq1Vt6Yb5Nc",
            unionid="oUnionNurse-9Zp4LmTs7Hj2Gf0D",
            wecom="nurse",
            wecom_openid="oCorpNurse-5Wv1BxQk8Rt3Mn6Pz",
            number="13800000001",
        ),
        Phone(
            "engineer",
            "工程师",
            "Engineer",
            "oSandboxEngineer-4Rm8XcJ1Zs6",
            mini_openid="oMiniEngineer-2Fq7TzPw4Lk9Js",
            unionid="oUnionEngineer-6Bn1VyHd3Xc8R",
            wecom="engineer",
            wecom_openid="oCorpEngineer-8Gs2KmWt5Zq1Lb",
            number="13800000002",
        ),
        Phone(
            "supervisor",
            "监督员",
            "Supervisor",
            "oSandboxSupervisor-9Hn5Pd2Kx",
            mini_openid="oMiniSupervisor-5Jw0CgNr8Mf2",
            unionid="oUnionSupervisor-1Tk6QsBz4Lv",
            wecom="supervisor",
            wecom_openid="oCorpSupervisor-7Yd3HnXp9Rf4",
            number="13800000003",
        ),
        Phone(
            "stranger",
            "陌生人",
            "Stranger",
            "oSandboxStranger-1Gf7Wb3Ty6M",
            mini_openid="oMiniStranger-8Xv3DpHt5Zq0Lr",
            unionid="oUnionStranger-4Mc9WjFn2Ks7B",
            wecom_openid="oCorpStranger-3Lt6VbQm0Jx8Wd",
            number="13800000004",
            follows=False,
        ),
    )
}


# Followers nobody holds the phone of: messages to them are accepted and can be read by /sandbox/messages only.
_CROWD = re.compile(r"oDemo[A-Za-z0-9]{23}")


def phone_of(openid: object) -> Phone | None:
    """The person behind an openid of the service account; None for an openid it does not know."""
    if isinstance(openid, str) and _CROWD.fullmatch(openid):
        return Phone("", "关注者", "Follower", openid)
    return next((phone for phone in PHONES.values() if phone.openid == openid), None)


def phone_of_mini(openid: object) -> Phone | None:
    """The person behind an openid of the mini-program."""
    return next((phone for phone in PHONES.values() if phone.mini_openid == openid), None)


def phone_of_wecom(user_id: str) -> Phone | None:
    """The member behind a user id of WeCom, which is compared without case."""
    return next((phone for phone in PHONES.values() if phone.wecom and phone.wecom == user_id.lower()), None)
