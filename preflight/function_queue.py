"""The queue of asynchronous invocations: events that are due now or later, and the threads that try them."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# how many events are tried at once
MOST_SENDERS = 8


@dataclass
class Sent:
    """An asynchronous invocation on its way; `waited` are the seconds AWS would have let it wait."""

    id: str
    function: str
    event: str
    region: str
    account: str
    cause: str
    trace: str = ""
    tries: int = 0
    waited: float = 0.0
    born: float = field(default_factory=time.monotonic)

    @property
    def age(self) -> float:
        return time.monotonic() - self.born + self.waited


class Queue:
    """Events that are due now or later, and the threads that try them."""

    def __init__(self, attempt: Callable[[Sent], float | None], lost: Callable[[Sent, Exception], None]) -> None:
        """`attempt` tries one and gives the seconds until the next try, or None when it is over; `lost` hears of
        what breaks in it."""
        self._attempt = attempt
        self._lost = lost
        self._change = threading.Condition()
        self._due: list[tuple[float, int, Sent]] = []
        self._count = itertools.count()
        self._threads = 0
        self._waiting = 0
        self._busy = 0
        self._era = 0

    def put(self, sent: Sent, delay: float) -> None:
        """Try this event in so many seconds."""
        with self._change:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._count), sent))
            # whoever waits takes one, and it may be a long one
            if self._waiting < len(self._due) and self._threads < MOST_SENDERS:
                self._threads += 1
                threading.Thread(target=self._work, args=(self._era,), daemon=True).start()
            self._change.notify_all()

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is due or under way."""
        with self._change:
            return self._change.wait_for(lambda: not self._due and not self._busy, timeout)

    def clear(self) -> None:
        """Drop everything; what is under way comes to nothing."""
        with self._change:
            self._due.clear()
            # its threads end, and count no more
            self._era += 1
            self._threads = self._waiting = 0
            self._change.notify_all()

    def _work(self, era: int) -> None:
        while True:
            with self._change:
                taken = self._take(era)
                if taken is None:
                    self._threads -= self._era == era
                    return
                self._busy += 1
            again: float | None = None
            try:
                again = self._attempt(taken)
            except Exception as error:
                # what breaks here must not take the queue with it
                self._lost(taken, error)
            finally:
                with self._change:
                    if again is not None and era == self._era:
                        heapq.heappush(self._due, (time.monotonic() + again, next(self._count), taken))
                    self._busy -= 1
                    self._change.notify_all()

    def _take(self, era: int) -> Sent | None:
        """The next event that is due; None after seconds of nothing to do, or when all was dropped."""
        quiet_at = time.monotonic() + 5
        while self._era == era:
            now = time.monotonic()
            if self._due and self._due[0][0] <= now:
                return heapq.heappop(self._due)[2]
            if not self._due and now >= quiet_at:
                return None
            self._waiting += 1
            self._change.wait((self._due[0][0] if self._due else quiet_at) - now)
            self._waiting -= self._era == era
        return None
