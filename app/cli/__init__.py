"""The commands of `flask`."""

from flask import Flask


def register(app: Flask) -> None:
    """Add the project's commands to the application's `flask` command."""
