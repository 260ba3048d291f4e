"""`python -m tests.browser.screenshots OUTDIR`: every page of the demo hospital, at both sizes, by day and by night."""

import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page
from tqdm import tqdm

from tests.browser.pages import SIZES, every_page
from tests.support.browser import NONE_FOUND, chromium, running_browser
from tests.support.demo import running_demo
from tests.support.nursery import running_nursery

THEMES: dict[Literal["light", "dark"], str] = {"light": "", "dark": "-dark"}


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write(f"usage: {__doc__}\n")
        return 2
    if chromium() is None:
        sys.stderr.write(f"{NONE_FOUND}\n")
        return 1
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        running_nursery() as nursery,
        running_demo(Path(home) / "demo", nursery) as demo,
        running_browser() as browser,
    ):
        for name, page in tqdm(every_page(demo, browser), unit="page"):
            take(page, folder, name)
    return 0


def take(page: Page, folder: Path, name: str) -> None:
    for (size, viewport), (theme, suffix) in product(SIZES.items(), THEMES.items()):
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no picture of a button half way
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=folder / f"{size}-{name}{suffix}.png", scale="css" if size == "desktop" else "device")
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    sys.exit(main())
