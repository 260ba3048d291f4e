"""Where a member works, by the codes of the roster: departments, providers, teams and posts that are known."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Department, Post, Provider, Team
from app.services.imports.roster.row_reader import COLUMNS, Member
from app.services.tables.records import Fault

SHOWN = 20


@dataclass(frozen=True)
class Workplace:
    """An employment without its dates."""

    department_id: int | None
    provider_id: int | None
    team_id: int | None
    post_id: int | None


class Workplaces:
    """The codes known to the hospital; with `create`, an unknown one becomes known."""

    def __init__(self, session: Session, *, create: bool) -> None:
        self._session, self._create = session, create
        self._ids: dict[Any, dict[str, int]] = {
            model: dict(session.execute(select(model.code, model.id)).all())
            for model in (Department, Provider, Team, Post)
        }

    def job(self, member: Member) -> Workplace | Fault:
        """The job this row is about, or what it names that nobody knows."""
        if not self._create and (fault := self._unknown(member)):
            return fault
        provider = self._id(Provider, member.provider)
        owner: dict[str, Any] = {"provider_id": provider}
        return Workplace(
            department_id=self._id(Department, member.department, name=member.department_name),
            provider_id=provider,
            team_id=self._id(Team, member.team, **owner),
            post_id=self._id(Post, member.post, **owner),
        )

    def _unknown(self, member: Member) -> Fault | None:
        for ours, model in (("department", Department), ("provider", Provider), ("team", Team), ("post", Post)):
            code = getattr(member, ours)
            if code and code not in self._ids[model]:
                known = " | ".join(sorted(self._ids[model])[:SHOWN])
                return Fault(
                    member.line, COLUMNS[ours][0], code, "unknown_code", (("known", known or "—"),), member.last
                )
        return None

    def _id(self, model: Any, code: str, *, name: str = "", **values: object) -> int | None:
        if not code:
            return None
        known: dict[str, int] = self._ids[model]
        if code not in known:
            row = model(code=code, name=name or code, **values)
            self._session.add(row)
            self._session.flush()
            known[code] = row.id
        return known[code]
