import json
import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from time import monotonic
from typing import Any

from requests import RequestException, Response, Session
from requests.exceptions import ConnectTimeout, ProxyError, SSLError
from urllib3.exceptions import NewConnectionError

from wechat.errors import Action, WeChatError

CONNECT_AND_READ_SECONDS = (3.0, 5.0)

Reply = dict[str, Any]

log = logging.getLogger(__name__)


class Wire:
    """HTTP to WeChat: answers a reply without error or raises WeChatError.

    `hide` names the secrets and openids of a call, which an error message may repeat.
    """

    def __init__(self, api_url: str, proxy: str | None = None) -> None:
        self._api_url = api_url.rstrip("/")
        self._session = Session()
        self._session.trust_env = False
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}

    def get(self, path: str, query: Mapping[str, str], *, hide: Iterable[str]) -> Reply:
        return self._call("GET", path, query, None, hide)

    def post(
        self,
        path: str,
        body: Mapping[str, object],
        query: Mapping[str, str] | None = None,
        *,
        hide: Iterable[str],
    ) -> Reply:
        # WeChat refuses \uXXXX with 40033.
        content = json.dumps(body, ensure_ascii=False).encode()
        return self._call("POST", path, query or {}, content, hide)

    def _call(
        self, method: str, path: str, query: Mapping[str, str], content: bytes | None, hide: Iterable[str]
    ) -> Reply:
        started = monotonic()
        outcome: Reply | WeChatError
        try:
            response = self._session.request(
                method,
                self._api_url + path,
                params=query,
                data=content,
                headers={"Content-Type": "application/json"} if content else None,
                timeout=CONNECT_AND_READ_SECONDS,
                allow_redirects=False,
            )
            outcome = _read(response, hide)
        except RequestException as failure:
            outcome = WeChatError(type(failure).__name__, uncertain=not _never_sent(failure))
        _note(method, path, outcome, monotonic() - started)
        # Raised outside the handler, so that no traceback carries the address with its secrets.
        if isinstance(outcome, WeChatError):
            raise outcome
        return outcome


@lru_cache(maxsize=8)
def wire_to(api_url: str, proxy: str | None = None) -> Wire:
    return Wire(api_url, proxy)


def _read(response: Response, hide: Iterable[str]) -> Reply | WeChatError:
    if response.status_code != 200:
        return WeChatError(f"HTTP status {response.status_code}", uncertain=True)
    # The Content-Type of WeChat's answers says nothing reliable about charset or form.
    try:
        reply = json.loads(response.content)
    except ValueError:
        reply = None
    errcode = reply.get("errcode", 0) if isinstance(reply, dict) else None
    if not isinstance(reply, dict) or not isinstance(errcode, int):
        return broken_reply()
    if errcode == 0:
        return reply
    errmsg = str(reply.get("errmsg", ""))
    for secret in filter(None, hide):
        errmsg = errmsg.replace(secret, "***")
    return WeChatError(errmsg, errcode=errcode)


def broken_reply() -> WeChatError:
    return WeChatError("broken reply", uncertain=True)


def _never_sent(failure: RequestException) -> bool:
    if isinstance(failure, ConnectTimeout | SSLError | ProxyError):
        return True
    cause = failure.args[0] if failure.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _note(method: str, path: str, outcome: Reply | WeChatError, seconds: float) -> None:
    if not isinstance(outcome, WeChatError):
        log.info("%s %s ok, %.0f ms", method, path, seconds * 1000)
        return
    level = logging.ERROR if outcome.action is Action.BUG else logging.WARNING
    log.log(level, "%s %s failed, %.0f ms, %s", method, path, seconds * 1000, outcome)


class _WithoutQuery(logging.Filter):
    """urllib3 writes whole addresses at DEBUG, and WeChat wants its secrets in the query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(part.split("?")[0] if isinstance(part, str) else part for part in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQuery())
