"""A phone's browser in WeChat: its own cookies, one step at a time or the whole trip."""

import re
from urllib.parse import parse_qs, urlsplit

import requests

from tests.support.console_forms import HIDDEN

WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50"
WECOM = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 wxwork/4.1.22 MicroMessenger/7.0.1"


class Trip:
    def __init__(self, app_url: str, phone: str, agent: str = WECHAT) -> None:
        self.app_url = app_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = agent
        # Two servers on one host share cookies, as in the demo; this one is the sandbox's.
        self._session.cookies.set("sandbox_phone", phone, domain="localhost.local")

    def close(self) -> None:
        self._session.close()

    def open(self, path: str) -> requests.Response:
        """The page where all redirects end."""
        return self._session.get(self.app_url + path, timeout=20)

    def step(self, address: str, **headers: str) -> requests.Response:
        """One request, no redirect followed."""
        return self._session.get(address, allow_redirects=False, timeout=20, headers=headers)

    def send(self, page: str, to: str, **filled: str) -> requests.Response:
        """Looks at the page, then sends its form; the page where all redirects end."""
        form = re.search(rf'<form[^>]*action="{re.escape(to)}".*?</form>', self.open(page).text, re.DOTALL)
        assert form is not None, f"{page} has no form for {to}"
        data = {**dict(HIDDEN.findall(form.group())), **filled}
        return self._session.post(self.app_url + to, data=data, timeout=20)

    def head(self, path: str) -> requests.Response:
        return self._session.head(self.app_url + path, allow_redirects=True, timeout=20)

    def to_wechat(self, path: str) -> str:
        """Begins a trip; the address of WeChat's page."""
        return self.step(self.app_url + path).headers["Location"]

    def way_back(self, path: str) -> str:
        """Begins a trip and asks WeChat; the address with code and state that leads back."""
        return self.step(self.to_wechat(path)).headers["Location"]

    def forget(self) -> None:
        """Loses the site's cookie."""
        self._session.cookies.clear("localhost.local", "/", "mashangping")


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
