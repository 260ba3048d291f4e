"""What everybody may read of a quarter: settled sheets, their figures with how many answered, and what binds them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Sheet, SheetSettlement
from app.services.reports import charts
from app.services.reports.charts import Chart
from app.services.sheets import freezing, pages


@dataclass(frozen=True)
class Published:
    content: dict[str, Any]
    digest: str
    settled_at: datetime
    chart: Chart
    satisfied: dict[str, Any] | None
    """The line of satisfied users; nothing where fewer than five have answered."""


def quarters(session: Session) -> list[str]:
    """Those of which something is settled, the newest first."""
    query = select(Sheet.quarter).join(SheetSettlement, SheetSettlement.sheet_id == Sheet.id).distinct()
    return sorted(session.scalars(query), reverse=True)


def of_quarter(session: Session, quarter: str) -> list[Published]:
    """The newest settled version of each contract."""
    query = (
        select(Sheet, SheetSettlement.at)
        .join(SheetSettlement, SheetSettlement.sheet_id == Sheet.id)
        .where(Sheet.quarter == quarter)
        .order_by(Sheet.contract_id, Sheet.version)
    )
    newest = {sheet.contract_id: (sheet, at) for sheet, at in session.execute(query)}
    return [_published(sheet, at) for sheet, at in newest.values()]


def _published(sheet: Sheet, at: datetime) -> Published:
    content = pages.few_hidden(freezing.read(sheet.content))
    line = next((line for line in content["lines"] if line["measure"] == "satisfied" and line["figure"]), None)
    return Published(content, sheet.digest, at, charts.dimensions(content), line)
