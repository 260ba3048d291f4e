"""`make bench-sheet`: a quarter of 100,000 tickets counted from zero on PostgreSQL; it has a minute.

python -m benchmarks.sheet [TICKETS]    Every clock and figure, for both sides; then a day's look for signals, and
what the dearest figures cost alone. Ends with 1 where the minute is over.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from app import clock
from app.jobs import sheets
from app.models import Completion, Contract
from app.runtime import Runtime, build
from app.services.indicators import counting
from app.services.indicators.measures import MEASURES
from app.services.indicators.quarters import Quarter
from app.services.integrity import records
from app.services.sheets.terms import Term
from benchmarks import processor
from benchmarks.growth import filled, settings
from config.integrity import thresholds
from supervision.signals import findings
from tests.support.postgres import running_postgres

TICKETS, MOST = 100_000, 60
DEAREST = 5


def main() -> int:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS
    with running_postgres() as server, tempfile.TemporaryDirectory(prefix="msp-sheet-") as folder:
        quarter = Quarter.at(clock.now().date())
        days = (clock.now().date() - quarter.first).days + 1
        a_day = size * 51 // (50 * days) + 1  # some are cancelled
        url = filled(server, "sheet", a_day * (days + 5), a_day=a_day)
        return measure(build(settings(url, Path(folder))), quarter)


def measure(runtime: Runtime, quarter: Quarter) -> int:
    with runtime.database.reading() as session:
        contract = session.scalars(select(Contract)).one()
        term = Term(contract, quarter, runtime.settings.timezone)
        done = session.scalar(select(func.count()).select_from(Completion).where(term.scope.completions()))
    before = processor.seconds(os.getpid())
    seconds = timed(lambda: sheets.count(runtime, term))
    spent = processor.seconds(os.getpid()) - before  # with the database's
    print(
        f"the sheet of {done} completions from zero: {spent:.1f} s of processor of {MOST}, {seconds:.1f} s by the wall"
    )
    seconds_again = timed(lambda: sheets.count(runtime, term))
    print(f"again, its clocks read: {seconds_again:.1f} s")
    with runtime.database.reading() as session:
        look = timed(
            lambda: findings(records.load(session, quarter, until=runtime.now(), zone=term.zone), thresholds())
        )
        print(f"a look for signals over all of it: {look:.1f} s")
        costs = {name: timed(partial(counting.count_of, session, name, term.scope)) for name in MEASURES}
    for name in sorted(costs, key=lambda one: -costs[one])[:DEAREST]:
        print(f"  {name}: {costs[name]:.2f} s")
    return 0 if spent <= MOST else 1


def timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
