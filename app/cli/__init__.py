"""The commands of `flask`. Importing some hangs them on `people` and `qr`."""

from flask import Flask

from app.cli import invitations, slip_pads
from app.cli import privacy as people_data
from app.cli.assets import assets, places
from app.cli.draw import draw
from app.cli.people import people
from app.cli.qr import codes
from app.cli.tickets import tickets
from app.cli.worker import worker

__all__ = ["invitations", "people_data", "register", "slip_pads"]


def register(app: Flask) -> None:
    """Add the project's commands to the application's `flask` command."""
    app.cli.add_command(assets)
    app.cli.add_command(codes)
    app.cli.add_command(draw)
    app.cli.add_command(people)
    app.cli.add_command(places)
    app.cli.add_command(tickets)
    app.cli.add_command(worker)
