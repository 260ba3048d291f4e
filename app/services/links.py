"""Addresses we hand out: always from the configuration, never from a request's Host header."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from app.errors import Missing
from qr import token

PLAIN = re.compile(r"\w[\w.-]*")
RESERVED = {"new", "hand-over", "portrait", "duty", "today"}  # words that stand in an address where a number could
CODED = "~"
COVERED = frozenset({"case", "handover", "praise"})  # rows whose number would say how many there are (law 11)


def in_path(number: str) -> str:
    """A ticket's number as a part of an address: coded where it would mean something there, as `/`, `?` or `..` do."""
    if PLAIN.fullmatch(number) and number not in RESERVED:
        return quote(number)
    return CODED + urlsafe_b64encode(number.encode()).decode().rstrip("=")


def from_path(part: str) -> str:
    """The number that an address names, coded or as it is."""
    if not part.startswith(CODED):
        return part
    coded = part.removeprefix(CODED)
    try:
        return urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    except ValueError:
        return part


@dataclass(frozen=True)
class Links:
    """Makes and reads the tokens of tickets (`/r/`), wards (`/w/`), labels (`/a/`), slips (`/s/`) and of one's own."""

    public_url: str
    keys: tuple[str, ...]

    def ticket_path(self, ticket_id: int) -> str:
        return f"/r/{self._sign(ticket_id, 'ticket')}"

    def ticket_url(self, ticket_id: int) -> str:
        return self.public_url + self.ticket_path(ticket_id)

    def ward_path(self, department_id: int) -> str:
        return f"/w/{self._sign(department_id, 'ward')}"

    def ward_url(self, department_id: int) -> str:
        return self.public_url + self.ward_path(department_id)

    def label_path(self, kind: Literal["asset", "place"], number: int) -> str:
        return f"/a/{self._sign(number, kind)}"

    def label_url(self, kind: Literal["asset", "place"], number: int) -> str:
        return self.public_url + self.label_path(kind, number)

    def slip_path(self, number: int) -> str:
        return f"/s/{self._sign(number, 'slip')}"

    def slip_url(self, number: int) -> str:
        return self.public_url + self.slip_path(number)

    def engineer_ticket_url(self, number: str) -> str:
        return f"{self.public_url}/engineer/{in_path(number)}"

    def invitation_token(self, number: int) -> str:
        return self._sign(number, "bind")

    def invitation_url(self, number: int) -> str:
        return f"{self.public_url}/bind/{self.invitation_token(number)}"

    def case_path(self, case_id: int) -> str:
        """Of a user's own case. What the provider is handed of it has a token of its own."""
        return f"/my/cases/{self._sign(case_id, 'case')}"

    def handover_token(self, case_id: int) -> str:
        return self._sign(case_id, "handover")

    def praise_token(self, rating_id: int) -> str:
        return self._sign(rating_id, "praise")

    def ticket_id(self, text: str) -> int:
        """The ticket a token was made for; raises Missing."""
        return self._read(text, "ticket")

    def department_id(self, text: str) -> int:
        """The department a ward's token was made for; raises Missing."""
        return self._read(text, "ward")

    def labelled(self, text: str) -> tuple[Literal["asset", "place"], int]:
        """The asset or place a label's token was made for; raises Missing."""
        try:
            return "asset", self._read(text, "asset")
        except Missing:
            return "place", self._read(text, "place")

    def slip_number(self, text: str) -> int:
        """The number of the blank slip a token was made for; raises Missing."""
        return self._read(text, "slip")

    def invitation_number(self, text: str) -> int:
        """The number of the invitation a token was made for; raises Missing."""
        return self._read(text, "bind")

    def case_id(self, text: str) -> int:
        """The case a token was made for; raises Missing."""
        return self._read(text, "case", "no_such_case")

    def handed_over(self, text: str) -> int:
        """The case a provider's token was made for; raises Missing."""
        return self._read(text, "handover", "no_such_case")

    def praised(self, text: str) -> int:
        """The rating a token was made for; raises Missing."""
        return self._read(text, "praise", "nothing_to_correct")

    def _sign(self, number: int, purpose: str) -> str:
        return token.sign(number, purpose=purpose, keys=self.keys, covered=purpose in COVERED)

    def _read(self, text: str, purpose: str, unknown: str = "bad_token") -> int:
        try:
            return token.read(text, purpose=purpose, keys=self.keys, covered=purpose in COVERED)
        except token.BadToken as error:
            raise Missing(unknown) from error
