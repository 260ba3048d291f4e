"""`make bench-qr`: codes and slips on one core, beside the plain `qrcode` package in the same run.

python -m benchmarks.qr [--quick]
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import qrcode

from qr.card import Card
from qr.matrix import LEVELS, symbol
from qr.pdf import pdf
from qr.sheet import LAYOUTS, pages
from qr.token import sign

ROUNDS = 3
LEAST_RATIO = 40
MOST = {"seconds": 10, "MB of memory": 300, "MB of file": 15}


def card(number: int) -> Card:
    address = f"https://pj.hospital.cn/r/{sign(number, purpose='ticket', keys=['k' * 32])}"
    lines = (f"工单 {20261122000000 + number}", "2026-11-22 · 打印机与外设", "心内科一病区")
    return Card(address, "请用微信扫码评价本次服务", lines, "服务商看不到您的评价")


def plain(address: str) -> list[list[bool | None]]:
    code = qrcode.QRCode(error_correction=LEVELS["Q"])
    code.add_data(address, optimize=0)
    code.make(fit=True)
    return code.modules


def same(address: str) -> bool:
    bits = "".join("1" if dark else "0" for row in plain(address) for dark in row)
    return int(bits, 2) == symbol(address, "Q").bits


def per_second(make: Callable[[str], object], addresses: list[str]) -> float:
    began = time.process_time()
    for address in addresses:
        make(address)
    return len(addresses) / (time.process_time() - began)


def _most_memory() -> float:
    """In megabytes. `getrusage` would count what the process that started this one held at that moment."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def missed(ratio: float, spent: dict[str, float]) -> list[str]:
    return [*(["ratio"] if ratio < LEAST_RATIO else []), *(unit for unit, most in MOST.items() if spent[unit] > most)]


def main(*, quick: bool) -> int:
    addresses = [card(number).address for number in range(100 if quick else 5000)]
    slow = addresses[: len(addresses) // 50 or 1]
    if different := sum(not same(address) for address in slow):
        print(f"{different} of {len(slow)} symbols are not those of qrcode")
        return 1
    print(f"{len(slow)} symbols are those of qrcode bit for bit")
    ratios = []
    for _ in range(ROUNDS):  # in turns, so that a busy machine is busy for both
        theirs, ours = per_second(plain, slow), per_second(lambda address: symbol(address, "Q"), addresses)
        ratios.append(ours / theirs)
        print(f"codes a second: qrcode {theirs:.0f}, ours {ours:.0f}, ratio {ours / theirs:.1f}")
    count = 100 if quick else 10_000
    began = time.process_time()
    data = pdf(pages(map(card, range(count)), LAYOUTS["slip58"]))
    spent = {"seconds": time.process_time() - began, "MB of memory": _most_memory(), "MB of file": len(data) / 1e6}
    print(f"{count} slips as PDF: {', '.join(f'{number:.1f} {unit}' for unit, number in spent.items())}")
    print(f"least ratio {min(ratios):.1f}; goals: at least {LEAST_RATIO}, at most {MOST}")
    failed = [] if quick else missed(min(ratios), spent)
    for goal in failed:
        print(f"missed: {goal}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(quick="--quick" in sys.argv))
