"""What every answer carries. No inline script or style anywhere, so the policy can say so."""

from flask import Flask, Response, g, request

from app.http.context import runtime

POLICY = (
    "default-src 'none'; script-src 'self'%s; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors %s; base-uri 'none'"
)
# A code says itself that it stays light where the browser darkens pages.
PICTURE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

AGAIN = "5"  # seconds, where nothing else is known

# Nothing of ours asks the browser for these; a code is scanned by WeChat, a photo is chosen by its owner.
UNUSED = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


_SAME_FOR_ALL = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", UNUSED),
)
_HTTPS = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)


def install(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    # A page that uses WeChat's own script says where it comes from.
    more = f" {g.script_origin}" if "script_origin" in g else ""
    drawn = response.mimetype == "image/svg+xml"
    # The simulated phones of the demo show pages on their screen; nobody else does, and in production nobody at all.
    around = runtime().settings.sandbox_url or "'none'"
    policy = PICTURE if drawn else POLICY % (more, around)
    fields = _SAME_FOR_ALL + _HTTPS if runtime().settings.https else _SAME_FOR_ALL
    response.headers.extend((("Content-Security-Policy", policy), *fields))  # no view says any of it
    if response.status_code == 503:
        response.headers.setdefault("Retry-After", AGAIN)
    if request.endpoint not in {"static", "bootstrap.static"}:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
