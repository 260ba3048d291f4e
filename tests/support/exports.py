"""A list of the console as its CSV file says it."""

import csv
import io

from flask.testing import FlaskClient


def rows(client: FlaskClient, path: str) -> list[list[str]]:
    """Its heading, then every line."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def columns(client: FlaskClient, path: str) -> list[dict[str, str]]:
    """Its lines, each by the names of its columns."""
    head, *lines = rows(client, path)
    return [dict(zip(head, line, strict=True)) for line in lines]
