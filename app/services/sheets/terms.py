"""A contract's quarter: which days, which completions, which rules."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.models import Contract
from app.services.indicators.quarters import Quarter
from app.services.indicators.scope import Scope
from app.services.sheets import rule_sets
from config.score import RuleSet


@dataclass(frozen=True)
class Term:
    """A contract's quarter."""

    contract: Contract
    quarter: Quarter
    zone: ZoneInfo

    @property
    def scope(self) -> Scope:
        return Scope(self.quarter.begins(self.zone), self.quarter.ends(self.zone), self.contract.id)

    def rules(self, session: Session) -> RuleSet:
        """Raises Refused where there were none yet."""
        return rule_sets.for_quarter(session, self.contract, self.quarter.first)

    @property
    def days(self) -> int:
        """On which the contract was in force."""
        first = max(self.quarter.first, self.contract.valid_from)
        return max(0, (min(self.quarter.last, self.contract.valid_to) - first).days + 1)
