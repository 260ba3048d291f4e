"""`flask worker`: sends notices as they come, and every minute whatever was missed."""

from threading import Event, Thread

import click
from flask import current_app

from app.jobs import delivery, queue
from app.runtime import Runtime
from app.web import edge


@click.command("worker")
def worker() -> None:
    """运行后台任务：发送通知。 Run the jobs: send notices."""
    runtime: Runtime = current_app.extensions[edge.EXTENSION]
    if "worker" not in runtime.settings.surfaces:
        raise click.ClickException("SURFACES 不含 worker，这个进程不能运行后台任务。 SURFACES has no worker.")
    woken, stopping = Event(), Event()
    jobs = queue.open_queue(runtime.settings)
    queue.declare(jobs, woken.set)
    # Beside the queue, not behind it: a queue that is lost must not take the notices with it.
    sender = Thread(target=delivery.keep_delivering, args=(runtime,), kwargs={"woken": woken, "stopping": stopping})
    sender.start()
    # Where reading blocks (Redis) the delay is only used after an error, and then there is no hurry.
    most = 10 if jobs.storage.blocking else 0.2
    try:
        # Nothing is ever scheduled or periodic in this queue.
        jobs.create_consumer(
            workers=1, periodic=False, scheduler_interval=60, initial_delay=0.05, max_delay=most, backoff=1.2
        ).run()
    finally:
        stopping.set()
        woken.set()
        sender.join()
