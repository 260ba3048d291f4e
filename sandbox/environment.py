from collections.abc import Mapping
from pathlib import Path


class NotASandboxPlace(Exception):
    """The sandbox must not run beside a real WeChat account."""


def check_environment(environ: Mapping[str, str]) -> None:
    place = environ.get("APP_ENV", "")
    if place not in {"demo", "test"}:
        raise NotASandboxPlace(
            f"The WeChat sandbox starts only with APP_ENV=demo or APP_ENV=test; APP_ENV is {place or 'not set'}."
        )
    for name, value in environ.items():
        appid = _appid(name, value)
        if appid and not appid.startswith("wxsandbox"):
            raise NotASandboxPlace(
                f"{name} names a real WeChat account. The sandbox starts only with appids of the form wxsandbox…"
            )


def _appid(name: str, value: str) -> str:
    if not name.startswith("WECHAT_"):
        return ""
    if name.endswith("_APPID_FILE") and value:
        return Path(value).read_text("utf-8").strip()
    return value.strip() if name.endswith("_APPID") else ""
