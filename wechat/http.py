import hmac
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from ssl import SSLCertVerificationError
from typing import Any, TypeVar

from requests import RequestException, Response, Session
from requests.exceptions import ConnectTimeout, ProxyError, SSLError
from urllib3.exceptions import HTTPError, NewConnectionError

from wechat.errors import BUSY, WECHAT, Action, Rules, WeChatError, short_pause

CONNECT_AND_READ_SECONDS = (3.0, 5.0)
PICTURE_SECONDS = (3.0, 10.0)
# Somebody looks at an empty page meanwhile.
CODE_SECONDS = (2.0, 2.5)
# Those are for each wait; an answer that comes in drops has this long in all, and is never longer than a picture.
WHOLE_SECONDS = 10.0
MOST_BYTES = 1_000_000
MAIN_RESTS_SECONDS = 60.0
_BUSY_SECONDS = 0.2
_PART_BYTES = 65_536

Reply = dict[str, Any]
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """`hide` names its secrets, `person` the openid or user id it is about: an error message may repeat either."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    hide: tuple[str, ...] = field(default=(), repr=False)
    person: str = field(default="", repr=False)
    timeout: tuple[float, float] | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def with_token(self, token: str) -> "Call":
        return replace(self, query={"access_token": token, **self.query}, hide=(token, *self.hide))


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str
    content: bytes = field(repr=False)


class Endless(RequestException):
    """The text says in what."""


class Wire:
    """HTTP to WeChat: answers a reply without error or raises WeChatError.

    Where the main address takes no connection, the same call goes to the backup: it cannot have been seen by the
    first. `pepper` keeps the marks that stand for people in the log from being guessed.
    """

    def __init__(
        self,
        api_url: str,
        backup_url: str | None = None,
        *,
        proxy: str | None = None,
        rules: Rules = WECHAT,
        pepper: str = "",
    ) -> None:
        self.rules = rules
        self._main, self._backup = api_url.rstrip("/"), (backup_url or "").rstrip("/")
        self._main_rests_until = 0.0
        self._pepper = pepper.encode()
        self._session = Session()
        self._session.trust_env = False
        if proxy:
            self._session.proxies = {"http": proxy, "https": proxy}

    def ask(self, call: Call) -> Reply:
        return self._noted(call, self._reply)

    def look_up(self, call: Call) -> Reply:
        """For what changes nothing: asked once more where WeChat says that it is busy, which is mostly over at once.

        Other trouble has taken its time already.
        """
        try:
            return self.ask(call)
        except WeChatError as error:
            if error.errcode != BUSY:
                raise
        time.sleep(short_pause(_BUSY_SECONDS))
        return self.ask(call)

    def picture(self, call: Call) -> bytes:
        return self._noted(call, self._content_of_picture)

    def broken_reply(self) -> WeChatError:
        return WeChatError("broken reply", uncertain=True, rules=self.rules)

    def _noted(self, call: Call, read: Callable[[Answer, Call], T | WeChatError]) -> T:
        started = time.monotonic()
        outcome = self._try_addresses(call, read)
        self._note(call, outcome, (time.monotonic() - started) * 1000)
        # Raised outside any handler, so that no traceback carries the address with its secrets.
        if isinstance(outcome, WeChatError):
            raise outcome
        return outcome

    def _try_addresses(self, call: Call, read: Callable[[Answer, Call], T | WeChatError]) -> T | WeChatError:
        for address in self._addresses():
            try:
                return read(self._send(address, call), call)
            except Endless as caught:
                failure = WeChatError(str(caught), uncertain=True, rules=self.rules)
            except (RequestException, HTTPError) as caught:
                failure = WeChatError(type(caught).__name__, uncertain=not _never_sent(caught), rules=self.rules)
            if failure.uncertain:
                break
            if address == self._main:
                self._main_rests_until = time.monotonic() + MAIN_RESTS_SECONDS
        return failure

    def _addresses(self) -> Iterable[str]:
        if not self._backup:
            return (self._main,)
        main_rests = time.monotonic() < self._main_rests_until
        return (self._backup, self._main) if main_rests else (self._main, self._backup)

    def _send(self, address: str, call: Call) -> Answer:
        give_up = time.monotonic() + WHOLE_SECONDS
        # WeChat refuses \uXXXX with 40033.
        content = None if call.body is None else json.dumps(call.body, ensure_ascii=False).encode()
        with self._session.request(
            call.method,
            address + call.path,
            params=call.query,
            data=content,
            headers={"Content-Type": "application/json"} if content else None,
            timeout=call.timeout or CONNECT_AND_READ_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as response:
            media_type = response.headers.get("Content-Type", "")
            return Answer(response.status_code, media_type, _content(response, give_up))

    def _reply(self, answer: Answer, call: Call) -> Reply | WeChatError:
        if answer.status != 200:
            return WeChatError(f"HTTP status {answer.status}", uncertain=True, rules=self.rules)
        # The Content-Type of WeChat's answers says nothing reliable about charset or form.
        try:
            reply = json.loads(answer.content)
        except (ValueError, RecursionError):
            reply = None
        errcode = reply.get("errcode", 0) if isinstance(reply, dict) else None
        if not isinstance(reply, dict) or not isinstance(errcode, int):
            return self.broken_reply()
        if errcode == 0:
            return reply
        return WeChatError(self._hidden(str(reply.get("errmsg", "")), call), errcode=errcode, rules=self.rules)

    def _content_of_picture(self, answer: Answer, call: Call) -> bytes | WeChatError:
        if answer.status == 200 and answer.media_type.startswith("image/"):
            return answer.content
        error = self._reply(answer, call)
        return error if isinstance(error, WeChatError) else self.broken_reply()

    def _hidden(self, text: str, call: Call) -> str:
        for secret in filter(None, call.hide):
            text = text.replace(secret, "***")
        return text.replace(call.person, self._mark(call.person)) if call.person else text

    def _mark(self, person: str) -> str:
        """Tells two lines about one person from two about two, and nothing else."""
        return f"o#{hmac.new(self._pepper, person.encode(), 'sha256').hexdigest()[:8]}" if person else "-"

    def _note(self, call: Call, outcome: object, milliseconds: float) -> None:
        line = (call.method, call.path, self._mark(call.person), milliseconds)
        if not isinstance(outcome, WeChatError):
            log.info("%s %s %s ok, %.0f ms", *line)
            return
        level = logging.ERROR if outcome.action is Action.BUG else logging.WARNING
        log.log(level, "%s %s %s failed, %.0f ms, %s", *line, outcome)


def _content(response: Response, give_up: float) -> bytes:
    content = bytearray()
    while part := response.raw.read1(_PART_BYTES, decode_content=True):
        content += part
        if len(content) > MOST_BYTES:
            raise Endless("the answer is too long")
        if time.monotonic() > give_up:
            raise Endless("the answer is too slow")
    return bytes(content)


def _never_sent(failure: RequestException | HTTPError) -> bool:
    if isinstance(failure, ConnectTimeout | ProxyError):
        return True
    reason = getattr(failure.args[0] if failure.args else None, "reason", None)
    if isinstance(failure, SSLError):
        # Any other trouble with TLS may as well have come after the request.
        return isinstance(reason.args[0] if reason else None, SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)


class _WithoutQuery(logging.Filter):
    """urllib3 writes whole addresses at DEBUG, and WeChat wants its secrets in the query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(part.split("?")[0] if isinstance(part, str) else part for part in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQuery())
