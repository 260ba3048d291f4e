"""`make bench-draw` at its smallest: it runs and says every figure. How large they are is not for a test to say."""

import os
import subprocess
import sys

import pytest

from app.paths import ROOT

SAID = (
    "commit and run, 2,000",
    "bare calls",
    "memory",
    "5,000 people",
    "ours / plain",
    "one receipt",
    "stream out of SQLite",
)


@pytest.mark.slow("a benchmark")
def test_the_benchmark_prints_every_figure() -> None:
    command = [sys.executable, "-m", "benchmarks.draw", "--people", "2000", "--plain", "500", "--rows", "500"]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr
    assert [words for words in SAID if words not in ran.stdout] == []
