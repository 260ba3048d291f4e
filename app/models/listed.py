"""What stands on a list that an admin keeps: categories, departments, campuses, providers, teams, posts."""

from datetime import datetime

from sqlalchemy import SmallInteger
from sqlalchemy.orm import Mapped, mapped_column


class Listed:
    """In the admin's order, then by name. Switched off it is offered no more, and what names it goes on naming it."""

    position: Mapped[int] = mapped_column(SmallInteger, default=100, server_default="100")
    off_at: Mapped[datetime | None]
