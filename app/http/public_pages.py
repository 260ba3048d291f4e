"""Who may see the public face: staff alone, or everybody (PUBLIC_PAGES)."""

from ipaddress import ip_address

from flask import request

from app.http import session
from app.http.context import runtime


def open_to_visitor() -> bool:
    """Everybody, where the hospital chose so; else who works here and is bound or signed in, or comes from inside."""
    if runtime().settings.public_pages == "internet" or _from_inside():
        return True
    return any(
        visitor is not None and visitor.roles for visitor in (session.phone_visitor(), session.console_visitor())
    )


def _from_inside() -> bool:
    """By the address the trusted proxies tell."""
    networks = runtime().settings.hospital_networks
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(address in network for network in networks)
