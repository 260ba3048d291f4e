"""Addresses we hand out: always from the configuration, never from a request's Host header."""

from dataclasses import dataclass

from app.errors import Missing
from qr import token


@dataclass(frozen=True)
class Links:
    """Makes and reads the tokens of tickets (`/r/`), wards (`/w/`) and invitations (`/bind/`)."""

    public_url: str
    keys: tuple[str, ...]

    def ticket_path(self, ticket_id: int) -> str:
        return f"/r/{token.sign(ticket_id, purpose='ticket', keys=self.keys)}"

    def ticket_url(self, ticket_id: int) -> str:
        return self.public_url + self.ticket_path(ticket_id)

    def ward_path(self, department_id: int) -> str:
        return f"/w/{token.sign(department_id, purpose='ward', keys=self.keys)}"

    def ward_url(self, department_id: int) -> str:
        return self.public_url + self.ward_path(department_id)

    def engineer_ticket_url(self, number: str) -> str:
        return f"{self.public_url}/engineer/{number}"

    def invitation_token(self, number: int) -> str:
        return token.sign(number, purpose="bind", keys=self.keys)

    def invitation_url(self, number: int) -> str:
        return f"{self.public_url}/bind/{self.invitation_token(number)}"

    def ticket_id(self, text: str) -> int:
        """The ticket a token was made for; raises Missing."""
        return self._read(text, "ticket")

    def department_id(self, text: str) -> int:
        """The department a ward's token was made for; raises Missing."""
        return self._read(text, "ward")

    def invitation_number(self, text: str) -> int:
        """The number of the invitation a token was made for; raises Missing."""
        return self._read(text, "bind")

    def _read(self, text: str, purpose: str) -> int:
        try:
            return token.read(text, purpose=purpose, keys=self.keys)
        except token.BadToken as error:
            raise Missing("bad_token") from error
