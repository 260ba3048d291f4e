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
GOALS = {"ratio": 40, "seconds": 10, "megabytes of memory": 300, "megabytes of file": 15}


def card(number: int) -> Card:
    address = f"https://pj.hospital.cn/r/{sign(number, purpose='ticket', keys=['k' * 32])}"
    lines = (f"工单 {20261122000000 + number}", "2026-11-22 · 打印机与外设", "心内科一病区")
    return Card(address, "请用微信扫码评价本次服务", lines, "服务商看不到您的评价")


def plain(address: str) -> None:
    code = qrcode.QRCode(error_correction=LEVELS["Q"])
    code.add_data(address, optimize=0)
    code.make(fit=True)


def per_second(make: Callable[[str], object], addresses: list[str]) -> float:
    began = time.process_time()
    for address in addresses:
        make(address)
    return len(addresses) / (time.process_time() - began)


def _most_memory() -> float:
    """In megabytes. `getrusage` would count what the process that started this one held at that moment."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def main(*, quick: bool) -> None:
    addresses = [card(number).address for number in range(100 if quick else 5000)]
    symbol(addresses[0], "Q")  # the tables are made once in a process
    slow = addresses[: len(addresses) // 50 or 1]
    ratios = []
    for _ in range(ROUNDS):  # in turns, so that a busy machine is busy for both
        theirs, ours = per_second(plain, slow), per_second(lambda address: symbol(address, "Q"), addresses)
        ratios.append(ours / theirs)
        print(f"codes a second: qrcode {theirs:.0f}, ours {ours:.0f}, ratio {ours / theirs:.1f}")
    count = 100 if quick else 10_000
    began = time.process_time()
    data = pdf(pages(map(card, range(count)), LAYOUTS["slip58"]))
    seconds = time.process_time() - began
    memory = _most_memory()
    print(f"{count} slips as PDF: {seconds:.1f} s, {memory:.0f} MB of memory, {len(data) / 1e6:.1f} MB of file")
    print(f"least ratio {min(ratios):.1f}; goals: {GOALS}")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
