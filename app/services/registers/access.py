"""Who reads and writes which register: the hospital all, the provider's managers their own, engineers a few."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Contract, Employment, Post, RegisterRecord
from config.registers import Register, registers


@dataclass(frozen=True)
class Reader:
    """`hospital`: of its supervision. `provider_id`: who employs them; `manages`: in a key post there."""

    person_id: int
    hospital: bool
    acts: bool = False
    provider_id: int | None = None
    manages: bool = False

    @property
    def signs(self) -> bool:
        """May confirm what another has written: the hospital alone."""
        return self.acts and self.hospital

    def may_write(self, register: Register) -> bool:
        return self.acts and (self.hospital or (self.manages and register.provider_writes))

    def may_read(self, register: Register) -> bool:
        return self.hospital or self.manages or register.engineers_read


def reader(session: Session, person_id: int, *, hospital: bool, acts: bool, day: date) -> Reader:
    if hospital:
        return Reader(person_id, hospital=True, acts=acts)
    query = (
        select(Employment.provider_id, Post.key_post)
        .outerjoin(Post, Post.id == Employment.post_id)
        .where(Employment.person_id == person_id, Employment.of_provider(day, day))
    )
    posts = session.execute(query.order_by(Employment.valid_from.desc(), Employment.id.desc())).all()
    leading = next((row for row in posts if row.key_post), None)
    row = leading or next(iter(posts), None)
    return Reader(person_id, False, acts, row.provider_id if row else None, leading is not None)


def manages(session: Session, person_id: int, *, day: date) -> bool:
    """Whether registers are open to them as one of a provider's managers."""
    return reader(session, person_id, hospital=False, acts=False, day=day).manages


def kinds(who: Reader) -> dict[str, Register]:
    """The registers they may open."""
    return {kind: register for kind, register in registers().items() if who.may_read(register)}


def register(who: Reader, kind: str) -> Register:
    """Raises Missing, also for what is not theirs to know of."""
    found = kinds(who).get(kind)
    if found is None:
        raise Missing("no_such_register")
    return found


def visible(who: Reader, kind: str) -> Iterator[ColumnElement[bool]]:
    """Which records of a register they see: a provider what is its own or everybody's, never another's."""
    yield RegisterRecord.kind == kind
    if who.hospital:
        return
    everybodys = registers()[kind].engineers_read
    own = RegisterRecord.provider_id == who.provider_id
    if who.provider_id is not None:
        yield or_(own, RegisterRecord.provider_id.is_(None)) if everybodys else own
    if not who.manages:
        yield RegisterRecord.closed.is_(False)


def contracts_in_force(session: Session, who: Reader, day: date) -> Sequence[str]:
    """By number; a provider's own."""
    query = select(Contract.number).where(Contract.in_force(day)).order_by(Contract.number)
    if not who.hospital:
        query = query.where(Contract.provider_id == who.provider_id)
    return session.scalars(query).all()
