"""Jobs that run in threads of their own, one at a time for each key, now or a moment later."""

from __future__ import annotations

import heapq
import itertools
import threading
import traceback
from collections.abc import Callable, Hashable
from time import monotonic

Job = Callable[[], None]

THREADS = 8
# a thread without work ends after so many seconds
IDLE = 2.0
# how long closing waits for what is under way, all threads together
PATIENCE = 0.5


class Work:
    """Runs jobs; a job that crashes is told to `on_fault`, and stops nothing."""

    def __init__(self, on_fault: Callable[[str], object]) -> None:
        self.count = 0
        self._on_fault = on_fault
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, Job] = {}
        self._busy: set[Hashable] = set()
        self._later: list[tuple[float, int, Hashable, Job, bool]] = []
        self._threads: set[threading.Thread] = set()
        self._numbers = itertools.count()
        self._epoch = 0
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether nothing runs, waits for a thread, or is about to be tried again."""
        with self._changed:
            return self._is_idle()

    def poke(self, key: Hashable, job: Job) -> None:
        """See that the job runs from its beginning after this moment; once, however often it is poked before."""
        with self._changed:
            if not self._closed:
                self._waiting[key] = job
                self.count += 1
                self._see_to_threads()

    def later(self, seconds: float, key: Hashable, job: Job, *, awaited: bool = True) -> None:
        """Poke a job after so many seconds; `wait` waits for it only when it is `awaited`."""
        with self._changed:
            if not self._closed:
                heapq.heappush(self._later, (monotonic() + seconds, next(self._numbers), key, job, awaited))
                self.count += 1
                self._see_to_threads()

    def wait(self, timeout: float) -> bool:
        """Wait until idle; False when that took longer."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, max(0.0, timeout))

    def pause(self, seconds: float) -> None:
        """Wait inside a job; not when everything is being dropped."""
        with self._changed:
            epoch = self._epoch
            self._changed.wait_for(lambda: self._closed or self._epoch != epoch, seconds)

    def forget(self) -> None:
        """Drop what has not begun."""
        with self._changed:
            self._waiting.clear()
            self._later.clear()
            self._epoch += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Drop what has not begun, and end the threads; one that is held up is abandoned."""
        with self._changed:
            self._closed = True
        self.forget()
        end = monotonic() + PATIENCE
        for thread in list(self._threads):
            thread.join(max(0.0, end - monotonic()))

    def _is_idle(self) -> bool:
        return not self._waiting and not self._busy and not any(each[4] for each in self._later)

    def _see_to_threads(self) -> None:
        if len(self._threads) < min(THREADS, len(self._waiting) + len(self._busy) + bool(self._later)):
            thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
            self._threads.add(thread)
            thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                taken = self._take()
                if taken is None:
                    self._threads.discard(threading.current_thread())
                    return
                epoch = self._epoch
            key, job = taken
            try:
                job()
            except Exception:
                if epoch == self._epoch and not self._closed:
                    self._on_fault(traceback.format_exc())
            finally:
                with self._changed:
                    self._busy.discard(key)
                    self._changed.notify_all()

    def _take(self) -> tuple[Hashable, Job] | None:
        """The next job, None when none came for a while."""
        end = monotonic() + IDLE
        while not self._closed:
            now = monotonic()
            while self._later and self._later[0][0] <= now:
                _, _, key, job, _ = heapq.heappop(self._later)
                self._waiting[key] = job
            free = next((key for key in self._waiting if key not in self._busy), None)
            if free is not None:
                self._busy.add(free)
                return free, self._waiting.pop(free)
            due = self._later[0][0] if self._later else None
            if due is None and now >= end:
                return None
            self._changed.wait((due if due is not None else end) - now)
        return None
