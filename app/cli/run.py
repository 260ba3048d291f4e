"""`make run`: the demo hospital with one command. Web, worker and the WeChat sandbox, until Ctrl-C."""

import errno
import os
import secrets
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from alembic import command as migrations
from alembic.config import Config
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.cli.processes import ChildEnded, Processes
from app.db import Database
from app.demo import draw, roles, story
from app.demo.seed import empty, seed
from app.paths import ROOT
from config.files import BadFile
from config.settings import Settings, SettingsError, read_settings
from sandbox.accounts import MINI, SERVICE, WECOM

HOSPITAL = "青澜市中心医院"
HOTLINE, SERVICE_LINE = "8120", "8200"
_READY_WITHIN = 60.0
# Nothing else of the caller's environment reaches the demo: no other WeChat account, no proxy.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "HOSPITAL_TZ", "CLOCK_AHEAD")
_KEPT_KINDS = ("LC_", "LD_", "DYLD_", "PYTHON", "COVERAGE")


class CannotRun(Exception):
    """Why the demo cannot start, as a sentence for whoever typed the command."""


@dataclass(frozen=True)
class Place:
    """Where the demo runs: two ports and a folder."""

    port: int
    sandbox_port: int
    data_dir: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://localhost:{self.sandbox_port}"


def main() -> int:
    os.umask(0o077)  # for the processes it starts, too
    try:
        place = read_place(os.environ)
        environ = demo_environ(os.environ, place)
        settings = read_settings(environ)
        clock.run_ahead(settings.clock_ahead)
        prepare(settings)
    except (CannotRun, SettingsError, BadFile) as error:
        click.echo(error, err=True)
        return 1
    except KeyboardInterrupt:
        return 1
    except SQLAlchemyError as error:
        click.echo(f"数据库不能用。 The database cannot be used: {error}", err=True)
        return 1
    return _run(place, settings, environ)


def read_place(environ: Mapping[str, str]) -> Place:
    """PORT, SANDBOX_PORT and DATA_DIR, both ports free; raises CannotRun."""
    port, sandbox_port = _port(environ, "PORT", 8000), _port(environ, "SANDBOX_PORT", 8001)
    if port == sandbox_port:
        raise CannotRun(f"PORT 和 SANDBOX_PORT 不能相同。 PORT and SANDBOX_PORT are both {port}; two were expected.")
    for name, number in (("PORT", port), ("SANDBOX_PORT", sandbox_port)):
        if _port_taken(number):
            hint = f"make run {name}={number + 10}"
            raise CannotRun(f"端口 {number} 已被占用，请换一个。 Port {number} is in use, choose another: {hint}")
    data_dir = Path(environ.get("DATA_DIR") or "./var").resolve()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"DATA_DIR {data_dir} 不能写。 It cannot be made: {error.strerror}") from error
    return Place(port, sandbox_port, data_dir)


def demo_environ(environ: Mapping[str, str], place: Place) -> dict[str, str]:
    """The environment of the demo's processes; a database given from outside is used instead of a file."""
    kept = {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_KINDS)}
    databases = {name: environ[name] for name in ("DATABASE_URL", "REDIS_URL") if environ.get(name)}
    return {**kept, **demo_settings(place), **databases}


def demo_settings(place: Place) -> dict[str, str]:
    """The demo's own settings, none of them secret; the keys are made once and stay in DATA_DIR."""
    database = URL.create("sqlite", database=str(place.data_dir / "mashangping.sqlite"))
    return {
        "APP_ENV": "demo",
        "DATABASE_URL": database.render_as_string(),
        "DATA_DIR": str(place.data_dir),
        "SECRET_KEYS_FILE": str(_secret_keys(place.data_dir)),
        "PUBLIC_URL": place.url,
        "SANDBOX_URL": place.sandbox_url,
        "WECHAT_SERVICE_APPID": SERVICE.appid,
        "WECHAT_SERVICE_SECRET": SERVICE.secret,
        "WECHAT_SERVICE_TOKEN": SERVICE.token,
        "WECHAT_SERVICE_AES_KEY": SERVICE.aes_key,
        "WECHAT_MINI_APPID": MINI.appid,
        "WECHAT_MINI_SECRET": MINI.secret,
        "WECHAT_MINI_TOKEN": MINI.token,
        "WECHAT_MINI_AES_KEY": MINI.aes_key,
        "WECHAT_MINI_FORMAT": MINI.form,
        "WECHAT_API_URL": place.sandbox_url,
        "WECHAT_OPEN_URL": place.sandbox_url,
        "WECOM_CORPID": WECOM.corpid,
        "WECOM_AGENTID": str(WECOM.agentid),
        "WECOM_SECRET": WECOM.secret,
        "WECOM_ROBOT_KEY": WECOM.robot_key,
        "WECOM_URL": place.sandbox_url,
        "WECHAT_JS_URL": f"{place.sandbox_url}/open/js/jweixin-1.6.0.js",
        "WEB_THREADS": "2",
        "HOSPITAL_NAME": HOSPITAL,
        "PUBLIC_PAGES": "internet",
        "HOTLINE": HOTLINE,
        "SERVICE_LINE": SERVICE_LINE,
    }


def prepare(settings: Settings) -> None:
    """Bring the database up to date, and fill it when nobody is in it yet."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = settings.database_url
    migrations.upgrade(config, "head")
    database = Database(settings.database_url)
    with database.transaction() as session:
        if empty(session):
            click.echo("正在建立演示医院…… Making the demo hospital…")
            seed(session, appid=SERVICE.appid, zone=settings.timezone, at=clock.now())
            _draw(session, settings)
            story.write(session, at=clock.now(), zone=settings.timezone)
    database.engine.dispose()


def _draw(session: Session, settings: Settings) -> None:
    """Draws in three stages: one is over, one collects ratings, and in one the nurse has a prize to claim."""
    for stage, wins in (("redrawn", None), ("collecting", None), ("drawn", roles.NURSE)):
        draw.draw(
            session,
            until=stage,
            wins=wins,
            tenant=settings.hospital_id,
            hospital=settings.hospital_name,
            zone=settings.timezone,
            at=clock.now(),
        )


def commands(place: Place, settings: Settings) -> dict[str, list[str]]:
    """What `python -m` runs, by name and in the order of the start."""
    sqlite = settings.database_url.startswith("sqlite")
    # SQLite has one writer: a second process would only sleep in its busy handler.
    crew = ["--workers", "1" if sqlite else "2"]
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(place.port), *crew]
    web += ["--respawn-failed-workers"]
    sandbox = ["sandbox", "--port", str(place.sandbox_port), "--app-url", place.url]
    return {
        "sandbox": [*sandbox, "--data-dir", str(place.data_dir)],
        # Its warning of many threads is not for us: http/turns.py says why there are so many.
        "web": [*web, "--log-level", "error", "wsgi:app"],
        "worker": ["flask", "--app", "wsgi", "worker"],
    }


def _run(place: Place, settings: Settings, environ: Mapping[str, str]) -> int:
    # Why it stopped is said last, when all have ended and nothing else can be said after it.
    try:
        with Processes(environ, str(ROOT)) as processes:
            for name, command in commands(place, settings).items():
                processes.start(name, (sys.executable, "-m", *command), mute=name == "sandbox")
            if processes.answering(f"{place.url}/readyz", f"{place.sandbox_url}/", within=_READY_WITHIN):
                _welcome(place, environ)
                processes.run()
    except ChildEnded as ended:
        click.echo(f"{ended} 意外结束，演示已停止。 {ended} ended by itself; the demo stops.", err=True)
        return 1
    except TimeoutError as silent:
        click.echo(f"{silent} 没有响应，演示已停止。 {silent} does not answer; the demo stops.", err=True)
        return 1
    return 0


def _welcome(place: Place, environ: Mapping[str, str]) -> None:
    shell = write_shell_settings(place, environ)
    click.echo(f"""
  码上评演示医院已启动 · The demo hospital is up

    从这里开始  Start here   {place.url}/
    模拟手机    Phones       {place.sandbox_url}/
    控制台      Console      {place.url}/console
    数据        Data         {place.data_dir}
    命令行      Commands     set -a; . {shlex.quote(str(shell))}; set +a; .venv/bin/flask --help
    停止        Stop         Ctrl-C
""")


def write_shell_settings(place: Place, environ: Mapping[str, str]) -> Path:
    """What `flask` needs to work on the demo's data from another terminal.

    A database given from outside may carry a password: that terminal is given it the same way.
    """
    path = place.data_dir / "demo.env"
    own = {name: value for name, value in demo_settings(place).items() if environ[name] == value}
    own |= {name: environ[name] for name in ("CLOCK_AHEAD",) if name in environ}
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in {"FLASK_APP": "wsgi", **own}.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _secret_keys(data_dir: Path) -> Path:
    path = data_dir / "secret_keys"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    return path


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise CannotRun(f"{name}={text} 不是端口号。 {name} must be a number from 1 to 65535.")
    return int(text)


def _port_taken(port: int) -> bool:
    # A browser asks localhost on IPv6 first, so a stranger there would answer instead of us.
    return any(_bound(family, host, port) for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")))


def _bound(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError as error:
        raise CannotRun(
            f"端口 {port} 需要管理员权限，请换一个。 Port {port} needs root; choose one above 1023."
        ) from error
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    return False


if __name__ == "__main__":
    sys.exit(main())
