"""Logs: one JSON line an event in production, readable lines elsewhere. No secret, no openid, no free text."""

import logging

import structlog

from config.settings import Settings

GATEWAY = "wechat"  # of the packages that use the standard library's logging, the one that is ours


class _Into(logging.Handler):
    """What is said in the standard library's way goes the same way as everything else."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger().bind(logger=record.name)
        log.log(record.levelno, record.getMessage(), **{"exc_info": record.exc_info} if record.exc_info else {})


_into = _Into()


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
    logging.getLogger().addHandler(_into)  # once, however often it is said
    logging.getLogger(GATEWAY).setLevel(level)
