"""Judges a lab with pytest: `pytest labs/lab03*` asks the promises of the code that `cdk deploy Lab3` would build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from preflight.errors import PreflightError

if TYPE_CHECKING:
    from preflight.check_run import Examiner, Report
    from preflight.verdict import Verdict
    from preflight.workspace import Code

_EXAMINER = pytest.StashKey["Examiner"]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> LabChecks | None:
    """A lab's checks.py is a file of tests, in labs/ of the project alone."""
    root = parent.config.rootpath
    is_checks = file_path.name == "checks.py" and file_path.parent.parent == root / "labs"
    return LabChecks.from_parent(parent, path=file_path) if is_checks else None


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Say whose code is judged, as `cdk deploy` does."""
    files = dict.fromkeys(item.parent for item in items if isinstance(item, Promised))
    return [file.header() for file in files if isinstance(file, LabChecks)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Keep the kernel and the cloud warm from one lab to the next, and no longer."""
    result = yield
    examiner = item.config.stash.get(_EXAMINER, None)
    if examiner is not None and not isinstance(nextitem, Promised):
        del item.config.stash[_EXAMINER]
        examiner.__exit__(None, None, None)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """What a mentor would say, where pytest would show a traceback."""
    report: Any = yield
    if isinstance(item, Promised) and call.excinfo is not None:
        error = call.excinfo.value
        if isinstance(error, (NotYet, CouldNotAsk)):
            report.longrepr = _words(error.verdict)
        elif isinstance(error, PreflightError):
            report.longrepr = str(error)
    return report  # type: ignore[no-any-return]


class LabChecks(pytest.File):
    """The checks of one lab."""

    _report: Report | PreflightError | None = None

    def collect(self) -> Iterator[Promised]:
        from preflight.lab import read_promises

        for promise in read_promises(self.path):
            yield Promised.from_parent(self, name=f"check_{promise.id}", line=promise.line, title=promise.title)

    def header(self) -> str:
        """Which lab, and whose code."""
        code = self.code()
        return f"{self.path.parent.name}: {code.kind} ({_shown(code.path, self.config)})"

    def code(self) -> Code:
        from preflight.workspace import Workspace

        return Workspace(self.config.rootpath).code_for(self._lab())

    def report(self) -> Report:
        """What came of the lab's promises; built, deployed and asked once, however many of them are selected."""
        if self._report is None:
            try:
                self._report = self._examiner().examine(self._lab(), self.code())
            except PreflightError as error:
                self._report = error
        if isinstance(self._report, PreflightError):
            raise self._report
        return self._report

    def _lab(self) -> Any:
        from preflight.lab import Lab

        return Lab.load(self.path.parent)

    def _examiner(self) -> Examiner:
        from preflight.check_run import Examiner

        stash = self.config.stash
        if _EXAMINER not in stash:
            stash[_EXAMINER] = Examiner(self.config.rootpath).__enter__()
        return stash[_EXAMINER]


class Promised(pytest.Item):
    """One promise: passes when kept, fails when not yet, is skipped when waiting or elsewhere."""

    parent: LabChecks

    def __init__(self, *, line: int, title: str, **rest: Any) -> None:
        super().__init__(**rest)
        self._line = line
        self._title = title

    def setup(self) -> None:
        """What cannot be asked is an error of the set-up, not a failure of the test."""
        if self._verdict().outcome == "could_not_ask":
            raise CouldNotAsk(self._verdict())

    def runtest(self) -> None:
        verdict = self._verdict()
        if verdict.outcome == "not_yet":
            raise NotYet(verdict)
        if verdict.outcome in ("waiting", "elsewhere"):
            pytest.skip(verdict.saw)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._line - 1, self._title

    def _verdict(self) -> Verdict:
        id = self.name.removeprefix("check_")
        return next(verdict for verdict in self.parent.report().verdicts if verdict.id == id)


class NotYet(Exception):
    """A promise is not kept yet."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.saw)
        self.verdict = verdict


class CouldNotAsk(NotYet):
    """A promise could not be asked about."""


def _words(verdict: Verdict) -> str:
    lines = [("saw", verdict.saw), ("means", verdict.means), ("at", verdict.where), ("read", verdict.read)]
    said = "\n".join(f"  {name:<6} {text}" for name, text in lines if text)
    return f"✗ {verdict.title}\n{said}\n{verdict.error}".rstrip()


def _shown(path: Path, config: pytest.Config) -> Path:
    return path.relative_to(config.rootpath) if path.is_relative_to(config.rootpath) else path
