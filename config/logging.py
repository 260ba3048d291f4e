"""Logs: one JSON line an event in production, readable lines elsewhere. No secret, no openid, no free text."""

import logging

import structlog

from config.settings import Settings


def configure(settings: Settings) -> None:
    level = logging.INFO if settings.production else logging.WARNING
    plain = structlog.dev.ConsoleRenderer(colors=False)
    renderer = structlog.processors.JSONRenderer() if settings.production else plain
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=False,
    )
