"""A real browser: Debian's Chromium, the one CHROME_BIN names, or one unpacked from npm's @sparticuz/chromium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, BrowserType, ViewportSize, expect, sync_playwright

PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 320, "height": 640}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 15_000  # milliseconds: for what a page is to do and for what it is to show alike
NONE_FOUND = "NO BROWSER: set CHROME_BIN, or install chromium (apt install chromium)"

expect.set_options(timeout=PATIENCE)

_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The program to start, if there is one."""
    if named := os.environ.get("CHROME_BIN"):
        return named
    if installed := shutil.which("chromium", path="/usr/bin"):
        return installed
    unpacked = Path("/tmp/chromium")  # where @sparticuz/chromium puts it
    ours = unpacked.is_file() and unpacked.stat().st_uid == os.geteuid()  # anybody may write to /tmp
    return str(unpacked) if ours else None


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = _launched(playwright.chromium)
        yield browser
        browser.close()


@contextmanager
def darkening(browser: Browser) -> Iterator[BrowserContext]:
    """A phone that darkens every page by itself."""
    dark = _launched(browser.browser_type, "--force-dark-mode", "--enable-features=WebContentsForceDark")
    # Whoever says what colours are wished for says so for what a page may refuse, too.
    context = dark.new_context(viewport=PHONE, device_scale_factor=4, locale="zh-CN", color_scheme="null")
    context.set_default_timeout(PATIENCE)
    yield context
    dark.close()


def _launched(chrome: BrowserType, *more: str) -> Browser:
    """Chromium refuses its own sandbox to root, and only root goes without."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return chrome.launch(executable_path=chromium(), args=[*_FLAGS, *more, *root])


def open_phone(browser: Browser, *, script: bool = True, size: ViewportSize = PHONE) -> BrowserContext:
    """A phone's browser with cookies of its own."""
    phone = browser.new_context(
        viewport=size, device_scale_factor=2, has_touch=True, locale="zh-CN", java_script_enabled=script
    )
    phone.set_default_timeout(PATIENCE)
    return phone


def open_desktop(browser: Browser) -> BrowserContext:
    desktop = browser.new_context(viewport=DESKTOP, locale="zh-CN")
    desktop.set_default_timeout(PATIENCE)
    return desktop
