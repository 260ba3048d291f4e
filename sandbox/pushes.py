"""Pushes to the app's callback: three tries of five seconds with the same body, until the app says it has it."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread

import requests

from sandbox import envelope
from sandbox.accounts import SandboxAccount
from sandbox.clock import Clock

PLAIN, COMPATIBLE, SECURE = MODES = ("plain", "compatible", "secure")
EVILS = ("signature", "appid", "dtd", "large", "unsigned")
_TRIES, _SECONDS = 3, 5.0
_SENDERS = 4
_LARGE = 1_000_000


@dataclass(frozen=True)
class Push:
    """One push, ready to be sent as often as need be."""

    account: SandboxAccount
    openid: str
    what: str
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    tries: int = _TRIES


@dataclass(frozen=True)
class PushResponse:
    """What the app said to one try; status 0 when it said nothing in time."""

    status: int
    body: str


@dataclass(frozen=True)
class Sent:
    account: str
    openid: str
    what: str
    answers: list[PushResponse]
    reply: str
    at: float


class Pushes:
    """Sends letters one after the other from a few threads, and remembers what came of each."""

    def __init__(self, app_url: str, clock: Clock) -> None:
        self._app_url = app_url
        self._clock = clock
        self._lock = Lock()
        self._sent: list[Sent] = []
        self._waiting: SimpleQueue[tuple[float, Push] | None] = SimpleQueue()
        self._senders = [Thread(target=self._work, name="pushes", daemon=True) for _ in range(_SENDERS)]
        for sender in self._senders:
            sender.start()

    def later(self, push: Push, *, seconds: float = 0) -> None:
        self._waiting.put((time.monotonic() + seconds, push))

    def now(self, push: Push) -> Sent:
        """Send it and wait for the end of its tries."""
        answers: list[PushResponse] = []
        while len(answers) < push.tries and not (answers and _accepted(answers[-1])):
            answers.append(self._send(push))
        reply = envelope.read_text(push.account, answers[-1].body) if answers[-1].status == 200 else ""
        sent = Sent(push.account.name, push.openid, push.what, answers, reply, self._clock())
        with self._lock:
            self._sent.append(sent)
        return sent

    def sent(self, openid: str | None = None) -> list[Sent]:
        """Newest first."""
        with self._lock:
            return [sent for sent in reversed(self._sent) if openid in {None, sent.openid}]

    def stop(self) -> None:
        for _ in self._senders:
            self._waiting.put(None)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            due, push = job
            time.sleep(max(0.0, due - time.monotonic()))
            self.now(push)

    def _send(self, push: Push) -> PushResponse:
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.post(
                    f"{self._app_url}/wechat/callback/{push.account.name}",
                    params=push.query,
                    data=push.body,
                    headers={"Content-Type": "text/xml"},
                    timeout=_SECONDS,
                    allow_redirects=False,
                )
            except requests.RequestException:
                return PushResponse(0, "")
        return PushResponse(answer.status_code, answer.content.decode(errors="replace"))


def sealed_push(
    account: SandboxAccount,
    fields: Mapping[str, object],
    *,
    openid: str,
    now: float,
    mode: str = SECURE,
    form: str = "",
    evil: str = "",
) -> Push:
    """A push as WeChat writes it; `evil` says what is wrong with it, and such a one is sent once."""
    common = {"ToUserName": account.original_id, "FromUserName": openid, "CreateTime": int(now)}
    text = envelope.write({**common, **fields}, form or account.form)
    if evil == "dtd":
        text = f'<!DOCTYPE xml [<!ENTITY who "{openid}">]>{envelope.write({**common, **fields}, envelope.XML)}'
    elif evil == "large":
        text = envelope.write({**common, **fields, "Padding": "x" * _LARGE}, form or account.form)
    query, body = _signed(account, text, now=now, openid=openid, mode=mode, form=form or account.form, evil=evil)
    what = str(fields.get("Event") or fields.get("MsgType"))
    return Push(account, openid, what, query, body.encode(), tries=1 if evil else _TRIES)


def _signed(
    account: SandboxAccount, text: str, *, now: float, openid: str, mode: str, form: str, evil: str
) -> tuple[dict[str, str], str]:
    timestamp, nonce = str(int(now)), str(secrets.randbelow(10**9))
    query = {"signature": envelope.sign(account, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    query["openid"] = openid
    if mode != PLAIN:
        appid = "wxsandboxanother" if evil == "appid" else account.appid
        encrypted = envelope.encrypt(account, text, appid=appid)
        query |= {"encrypt_type": "aes", "msg_signature": envelope.sign(account, timestamp, nonce, encrypted)}
        text = _enveloped(account, text, encrypted, mode, form)
    signatures = query.keys() & {"signature", "msg_signature"}
    if evil == "signature":
        query |= dict.fromkeys(signatures, "0" * 40)
    elif evil == "unsigned":
        query = {name: value for name, value in query.items() if name not in signatures}
    return query, text


def _enveloped(account: SandboxAccount, text: str, encrypted: str, mode: str, form: str) -> str:
    if mode == SECURE:
        return envelope.write({"ToUserName": account.original_id, "Encrypt": encrypted}, form)
    if form == envelope.JSON:
        return text.removesuffix("}") + f', "Encrypt": "{encrypted}"}}'
    return text.removesuffix("</xml>") + f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"


def _accepted(answer: PushResponse) -> bool:
    # A passive reply says so too.
    return answer.status == 200 and (answer.body in {"", "success"} or answer.body[0] in "<{")
