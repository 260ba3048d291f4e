from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Switches:
    """Troubles of every call, until switched again."""

    # Whether the accounts are bound to an Open Platform account, and answers so carry unionids.
    unionids: bool = False
    # Whoever signs in is in snapshot mode: an identity made up by WeChat.
    snapshot: bool = False
    # The caller's address is not in the list of the accounts.
    ip_refused: bool = False
    # So many calls find their token refused, whatever token they bring.
    refuse_tokens: int = 0
    # The main address refuses connections; only the second one answers.
    api2_only: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def set(self, name: str, value: bool | int) -> None:
        with self._lock:
            setattr(self, name, value)

    def token_is_refused(self) -> bool:
        with self._lock:
            refused = self.refuse_tokens > 0
            self.refuse_tokens -= refused
            return refused

    def shown(self) -> dict[str, bool | int]:
        return {name: getattr(self, name) for name in SWITCHES}


SWITCHES = {"unionids": bool, "snapshot": bool, "ip_refused": bool, "refuse_tokens": int, "api2_only": bool}
