"""The result played again from its beginning: on a hall's screen, and from the bundle in a browser without network."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import current_app, render_template

from app.http.context import runtime
from app.paths import ROOT
from app.services.draws.public_page import Page
from app.web.draws import filters
from qr.symbol import data_address

Fields = dict[str, Any]  # of a published file
STYLES = ("phone.css", "draws.css", "draws-play.css")
SCRIPT = "draws-play.js"
_STATIC = ROOT / "app" / "static"


def facts(page: Page) -> dict[str, object]:
    """What every page about a draw is told."""
    shown = [source for result in page.results for source in result["sources"]]
    return {
        "page": page,
        "announced": page.announcement,
        "tiers": page.tiers,
        "one_in": filters.people_for_a_prize(page),
        "numbers": [one for one in page.numbers if one.fields() not in shown],
    }


def played(page: Page, commit: Fields, result: Fields) -> dict[str, object]:
    """What the scenes of one round are told."""
    address = f"{runtime().settings.public_url}/my/receipts/{page.draw_id}"
    people, one_in = filters.people_in(result, commit)
    scene = {"people": people, "one_in": one_in, "result": result, "address": address, "code": data_address(address)}
    return {**facts(page), **scene}


def offline(page: Page) -> Mapping[str, bytes]:
    """Pages for the bundle and what they need, by their path in it; nothing before there is a result.

    In the source language, so that all get the same archive; names that people let us show stay at home, where they
    can be taken back.
    """
    if not page.results or page.commit is None:
        return {}
    nameless, rounds = replace(page, names={}), [result["round"] for result in page.results]
    found = {f"play/{name}": (_STATIC / name).read_bytes() for name in (*STYLES, SCRIPT)}
    with current_app.test_request_context():
        for result in page.results:
            scene = played(nameless, page.commit, result)
            shown = {"styles": STYLES, "script": SCRIPT, "others": [one for one in rounds if one != result["round"]]}
            found[name_of(result)] = render_template("draws/play_offline.html", **scene, **shown).encode()
    found["play.html"] = found.pop(name_of(page.results[-1]))
    return found


def name_of(result: Fields) -> str:
    return f"play-{result['round']}.html"
