"""Runs a lab's checks, and says which outcome each has."""

from __future__ import annotations

import contextvars
import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from preflight.checks import Answer, CouldNotAsk, NotKept, Stack, answers_nothing, check_id, listening
from preflight.errors import BrokenLab, PreflightError
from preflight.lab import Promise, read_promises
from preflight.undo import Recorder

if TYPE_CHECKING:
    from preflight.clouds import Deployment
    from preflight.template import Item

Place = tuple[str, int]
Where = Callable[[str], Place | None]
Outcome = Literal["kept", "not_yet", "could_not_ask", "waiting", "elsewhere"]

# in an account a check may wait for a cache, a queue or a schedule
SECONDS_PER_CHECK = {"offline": 30.0, "live": 300.0}


class HasChecks(Protocol):
    """What is needed of a lab."""

    @property
    def id(self) -> str: ...

    @property
    def checks(self) -> Path: ...


class HasPath(Protocol):
    """What is needed of the code that was built: the stack file, or the folder it is in."""

    @property
    def path(self) -> Path: ...


@dataclass(frozen=True)
class Verdict:
    """What became of one promise.

    `saw` says what was seen, or why nothing could be; `where` is "file:line" in the learner's code; `waits_on` the ids
    of the promises this one waits for. `error` (a traceback) and `left` (calls of the check that could not be taken
    back) are for the lab's author.
    """

    id: str
    title: str
    outcome: Outcome
    saw: str = ""
    means: str = ""
    proved: str = ""
    rival: str | None = None
    bullets: tuple[str, ...] = ()
    where: str | None = None
    waits_on: tuple[str, ...] = ()
    read: str = ""
    why: str = ""
    error: str = ""
    left: tuple[str, ...] = ()


def run(
    lab: HasChecks,
    deployment: Deployment,
    *,
    code: HasPath | Path | None = None,
    where: Where | None = None,
    limit: float | None = None,
) -> list[Verdict]:
    """Ask every promise of the lab of this deployment; verdicts in the file's order.

    Places come from `where(construct path)` when given (an assembly's own `where` knows them best), else from the ids
    in `code`. `limit` is the seconds one check may take, by default more in an account than offline. The cloud is left
    as it was found.
    Raises BrokenLab when the lab's checks cannot be read.
    """
    promises = read_promises(lab.checks)
    checks = load_checks(lab)
    limit = SECONDS_PER_CHECK[deployment.mode] if limit is None else limit
    asking = _Asking(promises, checks, deployment, where or _place_finder(code), limit)
    return [asking.verdict(promise.id) for promise in promises]


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """2 when a promise could not be asked about, else 1 when one is not kept yet, else 0."""
    outcomes = {verdict.outcome for verdict in verdicts}
    return 2 if "could_not_ask" in outcomes else 1 if "not_yet" in outcomes else 0


def load_checks(lab: HasChecks) -> dict[str, Callable[[Stack], None]]:
    """The lab's check functions by id, from the file as it is now; raises BrokenLab when it cannot be run."""
    where = f"labs/{lab.checks.parent.name}/{lab.checks.name}"
    module = ModuleType(f"{lab.id}_checks")
    module.__file__ = str(lab.checks)
    # a dataclass looks for its own module
    sys.modules[module.__name__] = module
    try:
        # compiled here and not imported, so that it is read afresh and nothing is cached beside the lab's files
        exec(compile(lab.checks.read_text(encoding="utf-8"), str(lab.checks), "exec"), module.__dict__)
    except Exception as error:
        line = _line_in(lab.checks, error)
        fault = f"{where}{f':{line}' if line else ''}: {_first_line(error)}"
        raise BrokenLab(f"{lab.id}'s checks cannot be run.", [fault]) from error
    found = (each for name, each in vars(module).items() if name.startswith("check_") and callable(each))
    return {check_id(check): check for check in found}


class _Asking:
    """One run over a lab's checks, each asked once, those it waits for before it."""

    def __init__(
        self,
        promises: Sequence[Promise],
        checks: dict[str, Callable[[Stack], None]],
        deployment: Deployment,
        where: Where,
        limit: float,
    ) -> None:
        self._promises = {promise.id: promise for promise in promises}
        self._checks = checks
        self._deployment = deployment
        self._where = where
        self._limit = limit
        self._verdicts: dict[str, Verdict] = {}
        self._under_way: list[str] = []
        make = deployment.make_client
        self._recorder = Recorder(lambda service, region: make(service, region, None))
        self._stack = Stack(deployment, self._watched_client)

    def verdict(self, id: str) -> Verdict:
        if id not in self._verdicts:
            self._verdicts[id] = self._ask(id)
        return self._verdicts[id]

    def _ask(self, id: str) -> Verdict:
        check, promise = self._checks[id], self._promises[id]
        mode, reason = getattr(check, "only", (self._deployment.mode, ""))
        if mode != self._deployment.mode:
            return _unasked(promise, "elsewhere", saw=reason)
        waits_on = tuple(other for other in getattr(check, "after", ()) if self._blocks(id, other))
        if waits_on:
            titles = ", ".join(f"“{self._promises[other].title}”" for other in waits_on)
            return _unasked(promise, "waiting", saw=f"waits for {titles}", waits_on=waits_on)
        return self._asked(promise, check)

    def _blocks(self, id: str, other: str) -> bool:
        """Whether a promise that comes first stands in the way; one that is asked elsewhere does not."""
        if other not in self._checks:
            raise BrokenLab(f"check_{id} waits for check_{other}, which is not there.")
        if other in self._under_way:
            raise BrokenLab(f"These checks wait for each other: {' → '.join([*self._under_way, id, other])}.")
        self._under_way.append(id)
        try:
            return self.verdict(other).outcome not in ("kept", "elsewhere")
        finally:
            self._under_way.pop()

    def _asked(self, promise: Promise, check: Callable[[Stack], None]) -> Verdict:
        answers: list[Answer] = []
        try:
            answers, failure = _within(self._limit, check, self._stack)
        finally:
            # also when the person at the keyboard has had enough
            left = self._recorder.undo() + self._deployment.release()
        return self._judged(promise, answers, failure, left)

    def _judged(
        self, promise: Promise, answers: list[Answer], failure: BaseException | None, left: tuple[str, ...]
    ) -> Verdict:
        if isinstance(failure, NotKept):
            answer = failure.answer
            return Verdict(
                promise.id,
                promise.title,
                "not_yet",
                saw=answer.saw,
                means=answer.means,
                rival=answer.rival,
                bullets=answer.bullets,
                where=self._place(answer.where),
                read=answer.read,
                why=promise.why,
                left=left,
            )
        if failure is not None or not answers:
            saw, means, error = _explained(failure)
            return _unasked(promise, "could_not_ask", saw=saw, means=means, error=error, left=left)
        return Verdict(
            promise.id,
            promise.title,
            "kept",
            proved="; ".join(dict.fromkeys(answer.proved for answer in answers)),
            rival=next((answer.rival for answer in reversed(answers) if answer.rival), None),
            bullets=tuple(dict.fromkeys(bullet for answer in answers for bullet in answer.bullets)),
            where=self._place(answers[-1].where),
            read=answers[-1].read,
            why=promise.why,
            left=left,
        )

    def _watched_client(self, service: str, **who: Any) -> Any:
        return self._recorder.watch(self._deployment.client(service, **who))

    def _place(self, where: Item | str | None) -> str | None:
        path = construct_path(self._deployment, where)
        place = self._where(path) if path is not None else None
        return f"{_shown(Path(place[0]))}:{place[1]}" if place is not None else None


def _place_finder(code: HasPath | Path | None) -> Where:
    def where(path: str) -> Place | None:
        from preflight import synth

        return None if code is None else synth.where(code if isinstance(code, Path) else code.path, path)

    return where


def _shown(file: Path) -> Path:
    """The file as a person at this prompt would name it."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def construct_path(deployment: Deployment, where: Item | str | None) -> str | None:
    """The construct path of an Item, a logical id, or the resource behind an output; None when there is none."""
    if where is None:
        return None
    if not isinstance(where, str):
        return where.path
    template = deployment.template
    if where in template.outputs:
        from preflight.template import names_in

        behind = [name for name in names_in(template.outputs[where]) if name in template.resources]
        return template.resources[behind[0]].path if len(behind) == 1 else None
    found = deployment.design.find(where)
    return found[0].path if found else None


def _unasked(promise: Promise, outcome: Outcome, **rest: Any) -> Verdict:
    return Verdict(promise.id, promise.title, outcome, bullets=promise.bullets, why=promise.why, **rest)


HEARTBEAT = 0.05


class _OutOfTime(BaseException):
    """Thrown into a check that takes too long."""


def _within(limit: float, check: Callable[[Stack], None], stack: Stack) -> tuple[list[Answer], BaseException | None]:
    """Run one check in a thread of its own; its answers, and what stopped it.

    A thread, because a signal's alarm works neither on Windows nor outside the main thread.
    """
    heard: list[Answer] = []
    stopped: list[BaseException] = []

    def ask() -> None:
        with listening() as answers:
            try:
                check(stack)
            except BaseException as error:
                stopped.append(error)
            finally:
                heard.extend(answers)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(ask,), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + limit
        while thread.is_alive() and time.monotonic() < deadline:
            thread.join(HEARTBEAT)  # a longer wait would not hear Ctrl-C everywhere
    except KeyboardInterrupt:
        _throw_into(thread)
        raise
    if thread.is_alive():
        _throw_into(thread)
        return [], CouldNotAsk(f"the check took longer than {limit:g} seconds")
    return heard, stopped[0] if stopped else None


def _throw_into(thread: threading.Thread) -> None:
    """Stop a thread between two of its instructions; one that sits in a system call is left behind."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_OutOfTime))
    thread.join(1.0)


def _explained(failure: BaseException | None) -> tuple[str, str, str]:
    """What stopped a check: a sentence for the learner, what it means, a traceback for the author."""
    nothing_known = "nothing is known yet about this promise"
    if failure is None:
        return "the check asked nothing", nothing_known, "no expect(...) was reached"
    if isinstance(failure, CouldNotAsk):
        return failure.saw, failure.means, ""
    trace = "".join(traceback.format_exception(failure))
    if isinstance(failure, PreflightError):
        return str(failure), nothing_known, trace
    return _sentence(failure), nothing_known, trace


def _sentence(failure: BaseException) -> str:
    response = getattr(failure, "response", None)
    if isinstance(response, dict):
        operation = getattr(failure, "operation_name", "a call")
        code, said = (str(response.get("Error", {}).get(each) or "") for each in ("Code", "Message"))
        if code in NOT_EMULATED or (answers_nothing(failure) and "mplemented" in said):
            return f"the cloud this runs in cannot do {operation} yet"
        return f"{operation} answered {code or 'an error'}, which the check did not expect: {_first_line(said)}"
    if isinstance(failure, NotImplementedError):
        return f"the cloud this runs in cannot do this yet: {_first_line(failure)}"
    return f"the check stopped with {type(failure).__name__}: {_first_line(failure)}"


def _first_line(said: BaseException | str) -> str:
    return (str(said).strip() or type(said).__name__).splitlines()[0]


def _line_in(file: Path, error: BaseException) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return lines[-1] if lines else None


NOT_EMULATED = frozenset({"NotImplemented", "NotYetImplemented", "NotImplementedError"})
