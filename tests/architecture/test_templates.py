"""Templates show; they neither count nor decide.

A page is given what it says: numbers worked out, choices made, each under a name of its own. So in a template
* there is no arithmetic, and nothing is measured: no `<`, no `>`;
* no list or text is cut, sorted, grouped, picked from or summed up (how long a list is may be shown; empty parts may be
  left out of what is joined with commas);
* nothing is counted in a loop: no `namespace()`, no `range()`;
* what a row stores as a code (its state, kind, role, level, round ...) is compared with no literal: whether somebody
  may do something, and what follows from a state, is a boolean with a name, given by a view or its dataclass, or a test
  in Python (`cycle is repeated`);
* `set` gives a name to one value, never to a condition of several parts.
How things are laid out stays a template's own: the first and last of a loop, an empty list, what two values are equal,
which of the page's own codes (a step, a tab, a fault of its form) it shows.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from jinja2.tests import TESTS

from app.paths import ROOT
from tests.support.tree import files

WIDTH = 150
ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg)
COUNTING = frozenset(
    {
        "abs",
        "batch",
        "dictsort",
        "float",
        "format",
        "groupby",
        "int",
        "map",
        "max",
        "min",
        "random",
        "reject",
        "rejectattr",
    }
    | {"replace", "round", "select", "selectattr", "slice", "sort", "sum", "truncate", "unique"}
)
MEASURES = frozenset({"lt", "gt", "lteq", "gteq"})
STORED = frozenset(
    {"checked", "cycle", "extent", "kind", "level", "praise", "role", "roles", "round", "source", "state"}
)
SEVERAL = (nodes.And, nodes.Or, nodes.CondExpr)
PLAIN_TESTS = frozenset({"defined", "none"})

READER = Environment(extensions=["jinja2.ext.i18n"])


def test_no_line_is_longer_than_150_characters() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{number}": len(line)
        for path in templates()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > WIDTH
    }
    assert long == {}


def test_no_template_counts_or_decides() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {fault}"
        for path in templates()
        for line, fault in faults(READER.parse(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ row + 1 }}", "counts: Add"),
        ("{{ told.tiers[-1] }}", "counts: Neg"),
        ("{% if now <= until %}late{% endif %}", "measures"),
        ("{% if fits|length > 1 %}several{% endif %}", "measures"),
        ("{{ entry[:16] }}", "cuts"),
        ("{{ people|selectattr('open')|list }}", "filter selectattr"),
        ("{{ people|select('even') }}", "filter select"),
        ("{% for row in range(3) %}{% endfor %}", "counts: range()"),
        ("{% set seen = namespace(any=false) %}", "counts: namespace()"),
        ("{% if ticket.state == 'closed' %}{% endif %}", "compares a stored code: state"),
        ("{% if 'admin' in g.visitor.roles %}{% endif %}", "compares a stored code: roles"),
        ("{% for one in rows if one.kind in ('a', 'b') %}{% endfor %}", "compares a stored code: kind"),
        ("{% if row['state'] == 'closed' %}{% endif %}", "compares a stored code: state"),
        ("{% set may = g.may_act and official %}", "set of several parts"),
        ("{% if row.id is divisibleby 3 %}{% endif %}", "test divisibleby"),
    ],
)
def test_what_a_template_may_not_do(text: str, fault: str) -> None:
    assert fault in [said for _line, said in faults(READER.parse(text))]


@pytest.mark.parametrize(
    "text",
    [
        "{% if rows %}{{ rows|length }}{% else %}-{% endif %}",
        "{{ [team, post]|select|join(' · ') }}",
        "{% for one in rows %}{{ ', ' if not loop.last }}{% endfor %}",
        "{% if code == shown %}{{ word('state', row.state) }}{% endif %}",
        "{% if fault == 'description' %}{% endif %}",
        "{% if row.cycle is repeated %}{% endif %}",
        "{% set base = '/draws/' ~ page.draw_id %}",
    ],
)
def test_what_stays_a_templates_own(text: str) -> None:
    assert list(faults(READER.parse(text))) == []


def templates() -> Iterator[Path]:
    return files(".html", under="app/templates")


def faults(tree: nodes.Node) -> Iterator[tuple[int, str]]:
    for node in tree.find_all(nodes.Node):
        yield from ((node.lineno, said) for said in (*_counting(node), *_deciding(node)))


def _counting(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, ARITHMETIC):
        yield f"counts: {type(node).__name__}"
    if isinstance(node, nodes.Slice):
        yield "cuts"
    if isinstance(node, nodes.Call) and _name(node.node) in {"namespace", "range"}:
        yield f"counts: {_name(node.node)}()"
    if isinstance(node, nodes.Filter) and node.name in COUNTING and not _leaves_out_the_empty(node):
        yield f"filter {node.name}"


def _deciding(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Compare):
        yield from _comparing(node)
    if isinstance(node, nodes.Assign) and (_of_several_parts(node.node)):
        yield "set of several parts"
    if isinstance(node, nodes.Test) and node.name in TESTS.keys() - PLAIN_TESTS:
        yield f"test {node.name}"


def _comparing(node: nodes.Compare) -> Iterator[str]:
    if any(operand.op in MEASURES for operand in node.ops):
        yield "measures"
    sides = [node.expr, *(operand.expr for operand in node.ops)]
    if any(isinstance(side, nodes.Literal) for side in sides):
        yield from (f"compares a stored code: {_name(side)}" for side in sides if _name(side) in STORED)


def _leaves_out_the_empty(node: nodes.Filter) -> bool:
    return node.name == "select" and not node.args


def _of_several_parts(node: nodes.Node) -> bool:
    return isinstance(node, SEVERAL) or any(map(_of_several_parts, node.iter_child_nodes()))


def _name(node: nodes.Node) -> str:
    """What a value is called: the last part of it."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return str(node.arg.value)
    return node.name if isinstance(node, nodes.Name) else ""


def test_the_two_telephones_stand_under_their_names_in_one_place() -> None:
    templates = Path(ROOT / "app" / "templates").rglob("*.html")
    named = {path.name for path in templates if {"hotline", "service_line"} & set(words_of(path))}
    assert named == {
        "lines.html",
        "print.html",
        "print_sheet.html",
        "pads.html",
    }  # the last three say that one is missing


def words_of(path: Path) -> list[str]:
    return re.findall(r"\w+", path.read_text("utf-8"))
