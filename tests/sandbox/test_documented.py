from dataclasses import fields
from pathlib import Path

from sandbox.clock import TurnedClock, system_clock
from sandbox.database import Database
from sandbox.faults import Knob
from sandbox.pushes import EVILS, MODES
from sandbox.server import create_app
from sandbox.state import new_state
from sandbox.switches import SWITCHES

PAGE = (Path(__file__).parents[2] / "docs/sandbox.md").read_text("utf-8")
# For people to look at, not for programs to call.
SCREENS = ("/phone/", "/handset/", "/group", "/static/", "/connect/oauth2/authorize/<name>")


def test_every_address_stands_in_the_documentation() -> None:
    here = new_state("http://localhost:18999", Database(None), TurnedClock(system_clock))
    rules = {str(rule) for rule in create_app(here).url_map.iter_rules()} - {"/"}
    missing = {rule for rule in rules if not rule.startswith(SCREENS) and rule not in PAGE}
    here.pushes.stop()
    here.database.close()
    assert missing == set()


def test_everything_that_can_be_turned_stands_in_the_documentation() -> None:
    names = {field.name for field in fields(Knob)} | SWITCHES.keys() | set(MODES) | set(EVILS)
    assert {name for name in names if name not in PAGE} == set()
