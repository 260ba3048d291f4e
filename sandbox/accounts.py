from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxAccount:
    """`token` and `aes_key` are what its owner has typed into WeChat's console for its callbacks."""

    name: str
    appid: str
    secret: str
    original_id: str
    token: str
    aes_key: str
    form: str


@dataclass(frozen=True)
class SandboxWeCom:
    """The hospital's WeCom: its self-built app, and the robot of its one group."""

    name: str
    corpid: str
    agentid: int
    secret: str
    robot_key: str


SERVICE = SandboxAccount(
    name="service",
    appid="wxsandboxservice01",
    secret="sandbox-service-secret",  # noqa: S106 nobody's
    original_id="gh_sandboxservc",
    token="sandboxServiceToken",  # noqa: S106
    aes_key="sandboxServiceSandboxServiceSandboxService0",
    form="xml",
)
MINI = SandboxAccount(
    name="mini",
    appid="wxsandboxmini01",
    secret="sandbox-mini-secret",  # noqa: S106
    original_id="gh_sandboxminip",
    token="sandboxMiniToken",  # noqa: S106
    aes_key="sandboxMiniSandboxMiniSandboxMiniSandboxMin",
    form="json",
)
WECOM = SandboxWeCom(
    name="wecom",
    corpid="wwsandboxcorp01",
    agentid=1000002,
    secret="sandbox-wecom-secret",  # noqa: S106
    robot_key="sandbox-robot-key",
)
# Those that push to a callback.
ACCOUNTS: Mapping[str, SandboxAccount] = {account.name: account for account in (SERVICE, MINI)}
