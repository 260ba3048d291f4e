"""Sending a form as a browser does: the page first, then its hidden fields together with what was filled in."""

import re
from html import unescape
from typing import IO

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def send(client: FlaskClient, page: str, to: str, **filled: str | list[str] | tuple[IO[bytes], str]) -> TestResponse:
    """Look at `page`, then post its form `to`."""
    shown = client.get(page).text
    form = re.search(rf'<form[^>]*action="{re.escape(to)}".*?</form>', shown, re.DOTALL)
    assert form is not None, f"{page} has no form for {to}"
    hidden = {name: unescape(value) for name, value in HIDDEN.findall(form.group())}
    return client.post(to, data={**hidden, **filled})


def offers(client: FlaskClient, page: str, to: str) -> bool:
    """Whether the page has a form that posts there."""
    return f'action="{to}"' in client.get(page).text
