"""`flask worker`: sends notices as they come, and every minute whatever was missed."""

import click
from flask import current_app

from app.jobs import delivery, queue
from app.runtime import Runtime
from app.services.notices import LEASE
from app.web import edge


@click.command("worker")
def worker() -> None:
    """运行后台任务：发送通知。 Run the jobs: send notices."""
    runtime: Runtime = current_app.extensions[edge.EXTENSION]
    if "worker" not in runtime.settings.surfaces:
        raise click.ClickException("SURFACES 不含 worker，这个进程不能运行后台任务。 SURFACES has no worker.")
    jobs = queue.open_queue(runtime.settings)

    def deliver() -> None:
        pause = delivery.deliver(runtime)
        if pause is not None:
            look.schedule(delay=pause)

    look = queue.declare(jobs, deliver)
    # What a killed worker had taken is due again when its lease ends.
    look()
    look.schedule(delay=LEASE.total_seconds() + 1)
    jobs.create_consumer(workers=1, initial_delay=0.05, max_delay=0.2, backoff=1.2).run()
