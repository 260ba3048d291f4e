"""`flask worker`: sends notices, works on WeChat's messages as they come, and watches what falls due."""

import signal
import sys
from threading import Event, Thread

import click
from flask import current_app

from app import clock
from app.http import context
from app.jobs import (
    comment_moderation,
    deadlines,
    draws,
    history,
    integrity,
    mini_codes,
    notices,
    retention,
    rollups,
    rule_trials,
    sheets,
    wakeups,
    webhooks,
    wechat_callbacks,
    wechat_prefetch,
)
from app.runtime import Runtime
from app.services.organisation import settings_history
from config.files import file_digests

# By what is announced after a commit.
WORK = {
    "notices": notices.keep_delivering,
    "inbound": wechat_callbacks.keep_taking_in,
    "errands": wechat_prefetch.keep_asking,
    "checks": comment_moderation.keep_checking,
    "draws": draws.keep_drawing,
    "webhooks": webhooks.keep_sending,
    "trials": rule_trials.keep_trying,
}
BY_THE_CLOCK = {
    "watch": deadlines.keep_watching,
    "retention": retention.keep_tidy,
    "rollups": rollups.keep_rolling,
    "mini_codes": mini_codes.keep_fetching,
    "history": history.keep_sealing,
    "sheets": sheets.keep_counting,
    "integrity": integrity.keep_looking,
}


def run() -> None:
    """Until the process is told to stop."""
    runtime: Runtime = current_app.extensions[context.EXTENSION]
    if "worker" not in runtime.settings.surfaces:
        raise click.ClickException("SURFACES 不含 worker，这个进程不能运行后台任务。 SURFACES has no worker.")
    runtime.database.wait_longer()
    with runtime.database.transaction() as session:
        settings_history.record(session, _configuration(runtime), at=clock.now())
    work = WORK | BY_THE_CLOCK
    stopping, woken = Event(), {what: Event() for what in work}
    jobs = wakeups.open_queue(runtime.settings)
    wakeups.declare(jobs, {what: woken[what].set for what in WORK})
    # Beside the queue, not behind it: a queue that is lost must not take the notices with it.
    threads = [
        Thread(target=keep, args=(runtime,), kwargs={"woken": woken[what], "stopping": stopping})
        for what, keep in work.items()
    ]
    # Until the consumer listens for it: who is asked to stop at once finishes all the same what is being sent.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # Where reading blocks (Redis) the delay is only used after an error, and then there is no hurry.
    most = 10 if jobs.storage.blocking else 0.2
    try:
        for thread in threads:
            thread.start()
        # Nothing is ever scheduled or periodic in this queue.
        jobs.create_consumer(
            workers=1, periodic=False, scheduler_interval=60, initial_delay=0.05, max_delay=most, backoff=1.2
        ).run()
    finally:
        stopping.set()
        for event in woken.values():
            event.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _configuration(runtime: Runtime) -> dict[str, object]:
    """What decides about figures, and the digests of the files the hospital edits."""
    settings = runtime.settings
    return {
        "rating_trust": settings.rating_trust,
        "browser_rating": settings.browser_rating,
        "rating_window_days": settings.rating_window.days,
        "timezone": settings.timezone.key,
        "channels": list(settings.channels),
        "files": file_digests(),
    }
