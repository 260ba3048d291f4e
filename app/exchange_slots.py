"""Who may wait for WeChat at a sign-in, so that a slow WeChat or a stranger's made-up codes stop nobody else."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore

PATIENCE = 0.7  # seconds somebody waits for a turn, in the thread that is left to everybody else


class ExchangeSlots:
    """As many turns as threads but one; strangers have half of them and never wait for one."""

    def __init__(self, threads: int) -> None:
        self._turns = BoundedSemaphore(max(1, threads - 1))
        self._of_strangers = BoundedSemaphore(max(1, (threads - 1) // 2))
        self._stuck = False

    @contextmanager
    def turn(self, *, stranger: bool = False) -> Iterator[bool]:
        """Whether it is theirs now."""
        with ExitStack() as held:
            ours = self._take(self._of_strangers, held, 0) if stranger else True
            # Who waits in vain is the last to do so until somebody comes back: pages need that thread.
            ours = ours and self._take(self._turns, held, 0 if stranger or self._stuck else PATIENCE)
            if not (ours or stranger):
                self._stuck = True
            yield ours
            if ours:
                self._stuck = False

    def _take(self, slots: BoundedSemaphore, held: ExitStack, patience: float) -> bool:
        if not slots.acquire(timeout=patience):
            return False
        held.callback(slots.release)
        return True
