"""What a page shows as a kept receipt is kept by then."""

from collections.abc import Sequence

from app.http.context import read_session, transaction
from app.services.draws import receipts
from app.services.draws.receipts import Receipt


def keep(shown: Sequence[Receipt]) -> None:
    """Nearly always they are kept already: who only looks again writes nothing, and waits for nobody who does."""
    if not shown:
        return
    with read_session() as db:
        new = receipts.unkept(db, shown)
    if new:
        with transaction() as db:
            receipts.store(db, new)
