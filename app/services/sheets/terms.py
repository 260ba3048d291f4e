"""A contract's quarter: which days, which completions, which rules."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.errors import Refused
from app.models import Contract
from app.services.indicators.measures import Scope
from app.services.indicators.quarters import Quarter
from config.score import RuleSet, score_rules


@dataclass(frozen=True)
class Term:
    """A contract's quarter."""

    contract: Contract
    quarter: Quarter
    zone: ZoneInfo

    @property
    def scope(self) -> Scope:
        return Scope(self.quarter.begins(self.zone), self.quarter.ends(self.zone), self.contract.id)

    @property
    def rules(self) -> RuleSet:
        """Raises Refused where there were none yet."""
        found = score_rules().of(self.quarter.first, self.contract.number)
        if found is None:
            raise Refused("no_rules_yet")
        return found

    @property
    def days(self) -> int:
        """On which the contract was in force."""
        first = max(self.quarter.first, self.contract.valid_from)
        return max(0, (min(self.quarter.last, self.contract.valid_to) - first).days + 1)
