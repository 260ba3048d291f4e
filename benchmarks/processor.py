"""Processor time, user and system, of whole trees of processes: what work costs, however busy the machine is."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")  # a second
TICK = 1 / _TICKS  # nothing finer is counted
_PARENT, _TIMES = 1, slice(11, 15)  # of what follows the name in /proc/PID/stat: with that of children that have ended


def seconds(*roots: int) -> float:
    """All that these processes and everything below them have used so far."""
    used, children = {}, dict[int, list[int]]()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (stat := _read(folder)):
            used[int(folder.name)] = sum(map(int, stat[_TIMES])) / _TICKS
            children.setdefault(int(stat[_PARENT]), []).append(int(folder.name))
    total, waiting = 0.0, list(roots)
    while waiting:
        one = waiting.pop()
        total += used.get(one, 0.0)
        waiting += children.get(one, ())
    return total


def _read(folder: Path) -> list[str]:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # ended meanwhile
        return []
