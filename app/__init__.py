"""The program put together, read from top to bottom."""

from contextlib import suppress
from typing import cast

import structlog
from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cli, clock
from app.api.blueprints import BLUEPRINTS
from app.demo.seats import Seats
from app.http import addresses, context, errors, figures, guards, headers, i18n, ids, inputs, live, look, outages, words
from app.http.copied_links import CopiedLinks
from app.http.forms import FormRequest
from app.http.session import KeptSerializer
from app.http.turns import Turns
from app.jobs import wakeups
from app.runtime import Runtime, build, is_of_demo
from app.services.images import LARGEST_FORM
from app.services.notices import content
from app.web.blueprints import blueprints
from app.web.public.tap_door import TapDoor
from app.web.wechat.js_sdk import scanner
from config.cases import case_rules
from config.duty import shifts
from config.findings import findings
from config.holidays import holidays
from config.integrity import signals
from config.logging import configure
from config.registers import registers
from config.score import score_rules
from config.settings import Settings, SettingsError
from config.sla import service_levels
from config.team import team_file
from config.touchpoints import touchpoints


def create_app(settings: Settings) -> Flask:
    """The application for these settings. It connects to nothing before it is asked something."""
    configure(settings)
    clock.run_ahead(settings.clock_ahead)
    i18n.call_department(settings.it_department)
    app = Flask(__name__)
    app.request_class = FormRequest
    app.url_map.merge_slashes = False  # its redirects are built from the Host header
    app.url_map.strict_slashes = False  # nor has an address less to say for a slash behind it
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SESSION_COOKIE_NAME=settings.cookie("mashangping"),
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=256 * 1024,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # a proxy may hide the Host that the referrer would be compared with
        SEND_FILE_MAX_AGE_DEFAULT=600,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.session_interface = KeptSerializer()
    rules = (service_levels, case_rules, score_rules, registers, signals)
    for file in (content.check_file, touchpoints, findings, team_file, shifts, holidays, *rules):
        file()  # a fault in what the hospital edits stops the start
    runtime = build(settings)
    app.extensions[context.EXTENSION] = runtime
    if "public" in settings.surfaces:
        app.wsgi_app = TapDoor(app, app.wsgi_app)  # type: ignore[method-assign, assignment]
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = CopiedLinks(app.wsgi_app)  # type: ignore[method-assign]
    if settings.sandbox_url:  # never in production
        app.wsgi_app = Seats(app.wsgi_app, settings.public_url)  # type: ignore[method-assign]
    app.wsgi_app = Turns(  # type: ignore[method-assign]
        app.wsgi_app, turns=settings.web_threads, threads=settings.server_threads, largest=LARGEST_FORM
    )
    Bootstrap5(app)
    inputs.install(app)  # before anybody has read the form
    csrf = CSRFProtect(app)
    i18n.install(app)
    addresses.install(app)
    ids.install(app)
    texts = {"word": words.word, "touch_word": words.touch_word, "finding_word": words.finding_word}
    app.jinja_env.globals.update(texts, scanner=scanner)
    figures.install(app)
    look.install(app)
    headers.install(app)
    live.install(app)
    errors.install(app)
    outages.install(app)
    guards.register(app, [*blueprints(settings), *BLUEPRINTS])
    for view in app.view_functions.values():
        if getattr(view, "checks_its_own_form", False):
            csrf.exempt(view)
    runtime.database.after_commit.append(wakeups.waker(settings))
    cli.register(app)
    structlog.get_logger().debug("ready", env=settings.env, surfaces=sorted(settings.surfaces))
    return app


def refuse_demo(app: Flask) -> None:
    """Production never works on the demo's database; raises SettingsError. One that does not answer is not asked."""
    runtime = cast(Runtime, app.extensions[context.EXTENSION])
    if not runtime.settings.production:
        return
    with suppress(SQLAlchemyError), runtime.database.reading() as session:
        if is_of_demo(session):
            raise SettingsError("DATABASE_URL is the demo's database; production expects the hospital's own")
    runtime.database.engine.dispose()  # what is forked from here opens its own
