"""The next hint: for which promise, which of the four rungs, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from preflight.errors import Usage
from preflight.lab import RUNGS, Lab, Promise
from preflight.progress import HELD, Progress
from preflight.workspace import Workspace

# what says most about where the learner is comes first
_ORDER = ("not_yet", "could_not_ask", "waiting")


@dataclass(frozen=True)
class Hint:
    """One rung of a promise's ladder; `rung` counts from 1, `name` is question, concept, construct or lines."""

    promise: Promise
    rung: int
    text: str

    @property
    def name(self) -> str:
        return RUNGS[self.rung - 1]

    @property
    def last(self) -> bool:
        return self.rung == len(RUNGS)


def take(lab: Lab, progress: Progress, promise_id: str | None = None) -> Hint | None:
    """One rung further for the promise named, or for the first not yet kept; None when every promise is kept.

    The rung is remembered. Raises Usage when the lab has no such promise, Unavailable when nothing can be written.
    """
    promise = find_promise(lab, promise_id) if promise_id else first_open(lab, progress.standing(lab).outcomes)
    if promise is None:
        return None
    ladder = lab.hints.get(promise.id)
    if ladder is None:
        raise Usage(f"{promise.id} has no hints; read its check in labs/{lab.id}/checks.py, or ./lab show {lab.number}")
    rung = progress.take_rung(lab, promise.id)
    return Hint(promise, rung, ladder[rung - 1].strip())


def outdated(lab: Lab, progress: Progress) -> datetime | None:
    """When the code was last checked, if it is another now: what was found then may not hold any more."""
    stand = progress.standing(lab)
    workspace = Workspace(lab.root)
    if not stand.code or not workspace.started(lab):
        return None
    from preflight.check_run import digest_of

    return stand.checked_at if digest_of(workspace.code_for(lab)) != stand.code else None


def first_open(lab: Lab, outcomes: Mapping[str, str]) -> Promise | None:
    """The promise to work on: the first not yet kept, else one that could not be asked, else one that waits.

    A promise never asked counts as not yet kept.
    """
    open = [promise for promise in lab.promises if outcomes.get(promise.id, "not_yet") not in HELD]
    return min(open, key=lambda promise: _ORDER.index(outcomes.get(promise.id, "not_yet")), default=None)


def find_promise(lab: Lab, id: str) -> Promise:
    """The promise with this id; raises Usage naming the nearest ones."""
    wanted = id.strip().replace("-", "_").casefold().removeprefix("check_")
    promises = {promise.id: promise for promise in lab.promises}
    if wanted in promises:
        return promises[wanted]
    near = get_close_matches(wanted, promises, n=3, cutoff=0.4) or list(promises)
    command = f"./lab hint {lab.number} --promise {near[0]}"
    raise Usage(f"Lab {lab.number} promises no {id}; it has {', '.join(near)}. For instance {command}")
