"""`make bench` at its smallest: it runs, and says every ratio. How large they are is not for a test to say."""

import os
import re
import subprocess
import sys

import pytest

from app.paths import ROOT
from benchmarks.rating import DATABASES, RATIOS


@pytest.mark.slow
@pytest.mark.parametrize("database", DATABASES)
def test_the_benchmark_prints_every_ratio(database: str) -> None:
    command = [sys.executable, "-m", "benchmarks.rating", "--quick", "--database", database]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert database in ran.stdout
    for above, below, goal in RATIOS:
        line = rf"{above} / {below.split(' ', 1)[1]} +\d+\.\d\d +\d+\.\d\d\.\.\d+\.\d\d *{goal}\n"
        assert re.search(line, ran.stdout), ran.stdout


@pytest.mark.slow
def test_the_benchmark_of_codes_says_what_ten_thousand_slips_cost() -> None:
    command = [sys.executable, "-m", "benchmarks.qr"]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    told = re.search(r"([\d.]+) MB of memory, ([\d.]+) MB of file\nleast ratio ([\d.]+);", ran.stdout)
    assert told, ran.stdout
    memory, file, ratio = map(float, told.groups())
    assert memory < 300
    assert file < 15
    assert ratio > 40
