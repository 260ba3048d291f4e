"""`make bench` at its smallest: it runs, and says every ratio. How large they are is not for a test to say."""

import os
import re
import subprocess
import sys

import pytest

from app.paths import ROOT
from benchmarks import processor, qr
from benchmarks.growth import Growth
from benchmarks.rating import DATABASES, RATIOS, WAYS
from qr.matrix import LEVELS


@pytest.mark.slow("a benchmark")
@pytest.mark.parametrize("database", DATABASES)
def test_the_benchmark_prints_every_ratio(database: str) -> None:
    command = [sys.executable, "-m", "benchmarks.rating", "--quick", "--database", database]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert database in ran.stdout
    figure = r" +\d+\.\d\d \d+\.\d\d\.\.\d+\.\d\d"
    for above, below, bar in RATIOS:
        line = rf"{above} / {below.split(' ', 1)[1]}({figure}){{{len(WAYS)}}} *{bar}\n"
        assert re.search(line, ran.stdout), ran.stdout


def test_processor_time_is_that_of_everything_below_a_process() -> None:
    before = processor.seconds(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    assert processor.seconds(os.getpid()) > before + processor.TICK


@pytest.mark.slow("a benchmark")
def test_the_benchmark_of_codes_says_what_ten_thousand_slips_cost() -> None:
    command = [sys.executable, "-m", "benchmarks.qr"]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert "100 symbols are those of qrcode bit for bit" in ran.stdout
    line = r": ([\d.]+) seconds, ([\d.]+) MB of memory, ([\d.]+) MB of file\nleast ratio ([\d.]+);"
    told = re.search(line, ran.stdout)
    assert told, ran.stdout
    seconds, memory, file, ratio = map(float, told.groups())
    assert seconds <= 10
    assert memory <= 300
    assert file <= 15
    assert ratio >= 40


@pytest.mark.slow("a benchmark")
def test_the_benchmark_of_clocks_and_entries_says_what_they_cost() -> None:
    command = [sys.executable, "-m", "benchmarks.supervision", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"clocks of 2000 tickets, four limits each: [\d.]+ seconds\n", ran.stdout), ran.stdout
    assert re.search(r"2000 sealed entries verified, \[True\]: [\d.]+ seconds\n", ran.stdout), ran.stdout


@pytest.mark.slow("a benchmark")
def test_the_benchmark_of_growth_prints_the_ratio_of_each_page() -> None:
    small = ["--small", "500", "--tickets", "1000", "--rounds", "2", "--only", "/console/ratings?"]
    command = [sys.executable, "-m", "benchmarks.growth", *small]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode in {0, 1}, ran.stderr
    assert re.search(
        r"^ +\d+\.\d\d( +[\d.]+){4}.* /console/ratings\?from=&show=unverified \(admin\)$", ran.stdout, re.M
    )
    assert re.search(r"^the worst of \d\d judged: \d+\.\d\d /console/ratings", ran.stdout, re.M)


def test_growth_is_judged_by_its_ratio_and_not_below_a_floor() -> None:
    def growth(few: float, many: float) -> Growth:
        return Growth("/", few / 1000, many / 1000, (0, 0), many / few)

    assert [growth(1, 2).too_much, growth(10, 15).too_much, growth(10, 16).too_much] == [False, False, True]
    assert str(growth(10, 16)).split() == ["1.60", "10.0", "16.0", "0.0", "0.0", "TOO", "MUCH", "/"]


def test_the_benchmark_of_codes_names_each_goal_that_is_missed() -> None:
    kept = {"seconds": 10.0, "MB of memory": 300.0, "MB of file": 15.0}
    assert qr.missed(40, kept) == []
    assert qr.missed(39.9, kept) == ["ratio"]
    assert [qr.missed(40, {**kept, unit: most + 0.1}) for unit, most in kept.items()] == [[unit] for unit in kept]


def test_the_benchmark_of_codes_sees_a_symbol_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    address = qr.card(1).address
    assert qr.same(address)
    monkeypatch.setitem(LEVELS, "Q", LEVELS["H"])  # for the plain package only: our tables are made
    assert not qr.same(address)
