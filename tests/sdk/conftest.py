"""Clients of WeChat nobody here wrote are put in front of the sandbox the sandbox's own tests have."""

from urllib.parse import urlsplit

import requests

from sandbox.server import Running
from tests.sandbox.conftest import listener, sandbox

__all__ = ["listener", "sandbox"]


def tapped(running: Running, authorize_url: str, phone: str) -> str:
    """The code with which WeChat sends this phone back from an address a client has made."""
    asked = urlsplit(authorize_url)
    assert (asked.netloc, asked.fragment) == ("open.weixin.qq.com", "wechat_redirect")
    answer = requests.get(
        f"{running.url}{asked.path}?{asked.query}",
        cookies={"sandbox_phone": phone},
        allow_redirects=False,
        timeout=5,
    )
    assert answer.status_code == 302
    return answer.headers["Location"].partition("code=")[2].partition("&")[0]
