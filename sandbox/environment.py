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
        if appid and not appid.startswith(("wxsandbox", "wwsandbox")):
            raise NotASandboxPlace(
                f"{name} names a real account. The sandbox starts only with ids of the form wxsandbox… or wwsandbox…"
            )


def _appid(name: str, value: str) -> str:
    kind = name.removesuffix("_FILE")
    if not (kind.startswith("WECHAT_") and kind.endswith("_APPID")) and kind != "WECOM_CORPID":
        return ""
    return Path(value).read_text("utf-8").strip() if value and kind != name else value.strip()
