"""What we are measured against: Flask, one table read or written through the ORM, our template, nothing else.

Served as `benchmarks.bare:app` with DATABASE_URL; the engine is opened as ours is, so the pragmas are the same.
"""

import os
from datetime import datetime

from flask import Flask, redirect, render_template, request
from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.wrappers import Response

from app import clock
from app.db import Database, Id, UTCDateTime
from app.http import look
from app.models.rating import LEVELS
from app.paths import ROOT
from app.texts.codes import WORDS

FORM = "x" * 98  # as long as the token of a real form


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UTCDateTime}  # noqa: RUF012 SQLAlchemy's own name


class BareTicket(Base):
    __tablename__ = "bare_ticket"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    ward: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text)
    finished_at: Mapped[datetime]


class BareRating(Base):
    __tablename__ = "bare_rating"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[int]
    person_id: Mapped[int]
    level: Mapped[int]
    at: Mapped[datetime]


def create_app() -> Flask:
    database = Database(os.environ["DATABASE_URL"])
    app = Flask(__name__, root_path=str(ROOT / "app"))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(
        word=lambda table, code: WORDS[table][str(code)],
        language=lambda: "zh",
        languages={"zh": "中文", "en": "English"},
        large_text=lambda: False,
        icon=look.icon,
        hospital_name="示范医院",
    )
    app.jinja_env.filters.update(when=lambda at: at.strftime("%Y-%m-%d %H:%M"), parted=lambda level: level)

    @app.get("/bare/<int:ticket_id>/<token>")
    def show(ticket_id: int, token: str) -> str:
        with database.reading() as session:
            ticket = session.get_one(BareTicket, ticket_id)
        return render_template("scan/rate.html", scan=ticket, token=token, form=FORM, levels=LEVELS)

    @app.post("/bare/<int:ticket_id>/<token>")
    def rate(ticket_id: int, token: str) -> Response:
        with database.transaction() as session:
            level = int(request.form["level"])
            session.add(BareRating(ticket_id=ticket_id, person_id=1, level=level, at=clock.now()))
        return redirect(f"/r/{token}", 303)

    return app
