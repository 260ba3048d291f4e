"""Tells other systems: takes up the feed for each endpoint, sends what is due, each outside any transaction."""

import ipaddress
import socket
from datetime import timedelta
from threading import Event
from urllib.parse import urlsplit

import structlog
import urllib3
from urllib3.exceptions import HTTPError

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services import feed
from app.services.integrations import signature, webhooks
from app.services.integrations.webhooks import Message, Outcome

AT_ONCE = 20
LOOK = timedelta(seconds=2)  # events are not announced: the feed is looked at, as by a board
TIMEOUT = urllib3.Timeout(connect=5, read=15)
PORTS = {"https": 443, "http": 80}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# IPv6 networks whose last 32 bits are an IPv4 address: compatible, translated (RFC 2765, 6052, 8215).
CARRYING = [ipaddress.ip_network(one) for one in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")]


class Unreachable(Exception):
    """A code: why nothing was sent."""


def keep_sending(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Safe to run in any number of workers, and to be killed at any moment: the lease runs out, the id stays."""
    loop.run_loop(
        lambda: send_once(runtime), fault="a round of webhooks failed", woken=woken, stopping=stopping, sweep=LOOK
    )


def send_once(runtime: Runtime) -> timedelta:
    """Answers how long there is nothing to do."""
    take_up(runtime)
    while sent := _send_some(runtime):
        if sent < AT_ONCE:
            break
    with runtime.database.reading() as session:
        due = webhooks.next_due(session)
        some = bool(webhooks.endpoints_on(session))
    if not some:
        return loop.SWEEP
    return LOOK if due is None else max(min(due - clock.now(), LOOK), timedelta(seconds=0.1))


def take_up(runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        endpoints = webhooks.endpoints_on(session)
    if endpoints:
        feed.number_all(runtime.database)
    for endpoint in endpoints:
        read = webhooks.BATCH
        while read == webhooks.BATCH:
            with runtime.database.transaction() as session:
                read = webhooks.take_up(session, endpoint, at=clock.now())


def _send_some(runtime: Runtime) -> int:
    with runtime.database.transaction() as session:
        messages = webhooks.claim(session, at=clock.now(), most=AT_ONCE)
    for message in messages:
        outcome = send(runtime, message)
        with runtime.database.transaction() as session:
            webhooks.record(session, message, outcome, at=clock.now())
    return len(messages)


def send(runtime: Runtime, message: Message) -> Outcome:
    settings = runtime.settings
    secrets = [signature.secret(key, message.endpoint_id) for key in settings.secret_keys]
    signed = signature.sign(secrets, message.message_id, int(clock.now().timestamp()), message.body)
    headers = {**signed, "Content-Type": "application/json", "User-Agent": "mashangping-webhooks/1"}
    try:
        return _post(message, headers, settings.webhook_private)
    except Unreachable as refused:
        return Outcome(reason=str(refused))
    except (HTTPError, OSError, ValueError) as error:
        structlog.get_logger().warning("a webhook got no answer", url=message.url, error=type(error).__name__)
        return Outcome(reason="no_answer")


def _post(message: Message, headers: dict[str, str], private: tuple[str, ...]) -> Outcome:
    """To the very address that was looked up and judged: a name that is asked twice may answer twice."""
    parts = urlsplit(message.url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    address, listed = resolved(host, port, private)
    if parts.scheme == "http" and not listed:
        raise Unreachable("not_https")
    if parts.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, timeout=TIMEOUT, retries=False
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=TIMEOUT, retries=False)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with pool:
        headers_ = {**headers, "Host": parts.netloc}
        answer = pool.urlopen("POST", path, body=message.body, headers=headers_, redirect=False, preload_content=False)
        try:
            return Outcome(status=answer.status, after=_asked_for(answer.headers.get("Retry-After", "")))
        finally:
            answer.close()


def resolved(host: str, port: int, private: tuple[str, ...]) -> tuple[str, bool]:
    """An address of this host, and whether it stands in WEBHOOK_PRIVATE. Raises Unreachable for a private one else."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("no_such_host") from error
    address = ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
    meant = _carried(address)
    listed = any(host == one or _within(meant, one) for one in private)
    if not listed and (not meant.is_global or meant.is_multicast):
        raise Unreachable("private_address")
    return str(address), listed


def _carried(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to (mapped, compatible, 6to4, translated), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    own = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    carried = own if any(address in network for network in CARRYING) and int(address) > 1 else None
    return address.ipv4_mapped or address.sixtofour or carried or address


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, written: str) -> bool:
    try:
        return address in ipaddress.ip_network(written)
    except ValueError:
        return False  # a host's name


def _asked_for(retry_after: str) -> timedelta | None:
    return timedelta(seconds=int(retry_after)) if retry_after.isdecimal() and len(retry_after) < 7 else None
