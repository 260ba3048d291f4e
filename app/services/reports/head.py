"""What stands at the head of the sheet on paper."""

from sqlalchemy.orm import Session

from app.services.audit import seal
from app.services.sheets.pages import SheetView
from app.texts.sheets import WORDS


def facts(session: Session, view: SheetView) -> dict[str, str]:
    """State, moment, version and digest, and the newest checkpoint that everybody may know."""
    found = {"状态": WORDS["sheet_state"][view.state]}
    if view.counted_at:
        found["冻结于" if view.standing else "计算于"] = f"{view.counted_at.astimezone(view.term.zone):%Y-%m-%d %H:%M}"
    if view.standing:
        found |= {"版本": f"第 {view.standing.sheet.version} 版", "指纹": view.standing.sheet.digest}
    if published := seal.published(session):
        found["公布的检查点"] = seal.checkpoint_of(published[0]).line
    return found
