"""Child processes that live and die together: when one ends, or we are told to stop, all of them go."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

import requests

_PATIENCE = 10.0  # seconds a child is given to stop by itself
_LOOK = 0.1
_PR_SET_PDEATHSIG = 1


class ChildEnded(Exception):
    """A child that was to go on has ended; the text names it."""


class Processes:
    """A context: whatever was started in it is gone when it is left."""

    def __init__(self, environ: Mapping[str, str], folder: str) -> None:
        self._environ = environ
        self._folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup has the hang-up ignored, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_error: object) -> None:
        self._signal_all(signal.SIGTERM)
        until = time.monotonic() + _PATIENCE
        for child in self._children.values():
            try:
                child.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        # Also what a child may have left behind in its group.
        self._signal_all(signal.SIGKILL)
        for child in self._children.values():
            child.wait()

    def start(self, name: str, command: Sequence[str], *, mute: bool = False) -> None:
        # A group of its own: Ctrl-C reaches us alone, and we stop the children in order.
        self._children[name] = subprocess.Popen(  # noqa: S603 our own commands
            command,
            env=self._environ,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if mute else None,
            start_new_session=True,
            preexec_fn=dies_with(os.getpid()),
        )

    def answering(self, *urls: str, within: float) -> bool:
        """Wait until every address answers 200; false when told to stop, raises ChildEnded or TimeoutError."""
        until = time.monotonic() + within
        with requests.Session() as session:
            session.trust_env = False  # a proxy does not know our localhost
            for url in urls:
                while not _answers(session, url):
                    if not self._look():
                        return False
                    if time.monotonic() > until:
                        raise TimeoutError(url)
        return not self._stopping

    def run(self) -> None:
        """Until told to stop; raises ChildEnded."""
        while self._look():
            pass

    def _look(self) -> bool:
        time.sleep(_LOOK)
        for name, child in self._children.items():
            if not self._stopping and child.poll() is not None:
                raise ChildEnded(name)
        return not self._stopping

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self._children.values():
            try:
                os.killpg(child.pid, number)
            except ProcessLookupError:
                continue


def _answers(session: requests.Session, url: str) -> bool:
    try:
        return session.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def dies_with(parent: int, number: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """On Linux the kernel ends the child when we are killed without a chance to do it ourselves."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask
