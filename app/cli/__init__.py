"""The commands of `flask`."""

from flask import Flask

from app.cli.people import people
from app.cli.tickets import tickets
from app.cli.worker import worker


def register(app: Flask) -> None:
    """Add the project's commands to the application's `flask` command."""
    app.cli.add_command(people)
    app.cli.add_command(tickets)
    app.cli.add_command(worker)
