from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxAccount:
    appid: str
    secret: str


SERVICE = SandboxAccount("wxsandboxservice01", "sandbox-service-secret")
