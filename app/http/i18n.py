"""The visitor's language and text size."""

from datetime import datetime, timedelta
from functools import lru_cache, partial

from flask import Flask, g, has_request_context, request, session
from markupsafe import Markup

from app.http.context import now, runtime
from app.texts.catalogue import LANGUAGES, catalogue, named


def language() -> str:
    return getattr(g, "language", "zh") if has_request_context() else "zh"


def gettext(message: str, **values: object) -> str:
    """The message in the visitor's language, with its %(name)s filled in."""
    text = named(catalogue(language()).ugettext(message))
    return text % values if values else text


def markup(message: str, **values: object) -> Markup:
    """The `_` of a page: what is filled in is escaped, and a percent sign that is one stands twice.

    Jinja's own looks a message up, marks it and fills it in anew wherever it stands, which was a tenth of a page.
    """
    return _markup(language(), message, **values)


def _markup(language: str, message: str, **values: object) -> Markup:
    return _form(language, message) % values if values else _whole(language, message)


@lru_cache(4_096)
def _form(language: str, message: str) -> Markup:
    return Markup(named(catalogue(language).ugettext(message)))  # noqa: S704 what we wrote ourselves


@lru_cache(4_096)
def _whole(language: str, message: str) -> Markup:
    return _form(language, message) % {}


def call_department(name: str) -> None:
    """From now on the texts say this name; what was looked up before is forgotten."""
    named.call(name)
    _form.cache_clear()
    _whole.cache_clear()


_IN_LANGUAGE = {code: partial(_markup, code) for code in LANGUAGES}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(_=markup, language=language, languages=LANGUAGES)
    app.jinja_env.globals.update(large_text=lambda: bool(g.get("large_text")))
    app.jinja_env.filters.update(moment=show_moment, hour=show_hour, day=show_day, limit=show_limit)
    app.jinja_env.filters.update(duration=show_duration, age=show_age, span=show_span, parted=parted)
    app.jinja_env.filters.update(when=show_when, ago=show_ago)
    app.context_processor(_everywhere)
    app.before_request(_choose)


def show_moment(at: datetime | None) -> str:
    """Date and time in the hospital's zone, as people there write it."""
    return _show(at, "%Y-%m-%d %H:%M")


def show_hour(at: datetime | None) -> str:
    """The time of today, where a list has little room; with the day where that is another."""
    return _show(at, "%H:%M" if show_day(at) == show_day(now()) else "%m-%d %H:%M")


def show_day(at: datetime | None) -> str:
    return _show(at, "%Y-%m-%d")


def show_when(at: datetime | None) -> Markup:
    """A moment as people on a phone say it: the day by its name while it is near."""
    return _timed(at, _time_text(at)) if at else Markup()


def show_ago(at: datetime | None) -> Markup:
    """How many minutes ago, below an hour. For pages that keep themselves fresh: elsewhere the minutes would stand."""
    past = now() - at if at else timedelta(hours=1)
    if at is None or not timedelta() <= past < timedelta(hours=1):
        return show_when(at)
    minutes = past // timedelta(minutes=1)
    return _timed(at, gettext("%(minutes)s 分钟前", minutes=minutes) if minutes else gettext("刚刚"))


def _time_text(at: datetime) -> str:
    hour = _show(at, "%H:%M")
    days = (at.astimezone(runtime().settings.timezone).date() - now().date()).days
    if days == 0:
        return gettext("今天 %(hour)s", hour=hour)
    if days == -1:
        return gettext("昨天 %(hour)s", hour=hour)
    return gettext("明天 %(hour)s", hour=hour) if days == 1 else show_moment(at)


def _timed(at: datetime, words: str) -> Markup:
    machine = at.astimezone(runtime().settings.timezone).isoformat(timespec="minutes")
    return Markup('<time datetime="{}">{}</time>').format(machine, words)


def parted(level: str) -> str:
    """A level in a narrow place: of four or five letters it breaks between its two words, 非常|满意."""
    if level.isascii():
        return level.replace("issat", "is\u00adsat").replace("atisf", "atis\u00adf")
    return f"{level[:2]}\u200b{level[2:]}" if len(level) > 3 else level


def show_span(begins: datetime, ends: datetime) -> str:
    """From when to when; the day once where both are of one."""
    day = show_day(begins)
    return f"{show_moment(begins)} – {show_moment(ends).removeprefix(f'{day} ')}"


def show_duration(time: timedelta) -> str:
    """Whole minutes, rounded once, half up."""
    minutes = (abs(time) + timedelta(seconds=30)) // timedelta(minutes=1)
    if minutes < 60:
        return gettext("%(minutes)s 分钟", minutes=minutes)
    if minutes % 60 == 0:
        return gettext("%(hours)s 小时", hours=minutes // 60)
    return gettext("%(hours)s 小时 %(minutes)s 分钟", hours=minutes // 60, minutes=minutes % 60)


def show_age(since: datetime) -> str:
    """How long ago that was, as of this request."""
    return show_duration(now() - since)


def show_limit(limit: str) -> str:
    """A limit of config/sla.toml, in words."""
    count, _, end = limit.partition("wd")
    if count == limit:
        return show_duration(timedelta(**{"minutes" if limit[-1] == "m" else "hours": int(limit[:-1])}))
    if end:
        return gettext("第 %(days)s 个工作日结束", days=count)
    return gettext("%(days)s 个工作日", days=count)


def _show(at: datetime | None, pattern: str) -> str:
    return at.astimezone(runtime().settings.timezone).strftime(pattern) if at else ""


def _everywhere() -> dict[str, object]:
    """Texts, two telephones, that this is no real WeChat, and, while something is rehearsed, what time it is here."""
    settings = runtime().settings
    return {
        "_": _IN_LANGUAGE[language()],  # asked once for a page
        "hotline": settings.hotline,
        "service_line": settings.service_line,
        "sandbox_url": settings.sandbox_url,
        "rehearsal": now() if settings.clock_ahead else None,
    }


def _choose() -> None:
    if request.query_string:
        _keep_choice()
    g.language = session.get("lang", "zh")
    g.large_text = session.get("text") == "large"


def _keep_choice() -> None:
    # ?lang= and ?text= work without script and stay for the visit; they are looks, not facts.
    if request.args.get("lang") in LANGUAGES:
        session["lang"] = request.args["lang"]
    if request.args.get("text") in {"large", "normal"}:
        session["text"] = request.args["text"]
