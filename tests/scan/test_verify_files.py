"""The files WeChat asks for: bare, at once, from the settings and from nowhere else."""

import pytest
from flask.testing import FlaskClient

FILES = {"MP_verify_0123456789abcdef.txt": "0123456789abcdef", "aB3dEf.txt": "9f86d081884c7d65"}


@pytest.mark.parametrize("folder", ["/", "/r/", "/w/", "/a/"])
@pytest.mark.parametrize("name", FILES)
def test_each_is_served_bare_at_the_root_and_beside_the_codes(folder: str, name: str, client: FlaskClient) -> None:
    answer = client.get(folder + name)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, FILES[name], "text/plain")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        *("/MP_verify_0000000000000000.txt", "/r/other.txt", "/requirements.txt", "/robots.txt", "/my/aB3dEf.txt"),
        *("/../requirements.txt", "/r/..%2Frequirements.txt", "/.txt", "/r/.txt", "/aB3dEf.TXT"),
    ],
)
def test_anything_else_is_not_there(path: str, client: FlaskClient) -> None:
    assert client.get(path).status_code == 404


def test_many_of_them_are_no_wrong_codes(client: FlaskClient) -> None:
    """WeChat's console may ask often; only wrong tokens are counted."""
    assert {client.get(f"/r/missing{number}.txt").status_code for number in range(80)} == {404}
    assert client.get("/r/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # which files there are is no question of the database


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WECHAT_VERIFY_FILES": ",".join(f"{name}={content}" for name, content in FILES.items())}
