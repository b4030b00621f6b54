"""Checks one lab's code: synthesizes it while the cloud starts, deploys it there, asks its promises."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from preflight.errors import DeployFailed, Refused
from preflight.lab import Lab

if TYPE_CHECKING:
    from preflight.clouds import Deployment
    from preflight.clouds.offline import OfflineCloud
    from preflight.synth import Assembly, Synthesizer
    from preflight.template import Resource, Template
    from preflight.verdict import Verdict, Where
    from preflight.workspace import Code

Value = TypeVar("Value")

STAGES = ("synth", "deploy", "checks", "total")


@dataclass(frozen=True)
class Report:
    """What one check of one lab found; what every face shows.

    `seconds` has synth, deploy, checks and total; they overlap, so they need not add up. `not_emulated` are (logical
    id, property path) pairs that had no effect in the cloud the stack ran in. `place` says where a stack that was
    deployed already was found: an endpoint, or an account and Region. `digest` tells
    the learner's code as it was checked from what it is later; empty for any other code.
    """

    lab: Lab
    code: Code
    verdicts: tuple[Verdict, ...]
    not_emulated: tuple[tuple[str, str], ...]
    seconds: dict[str, float]
    mode: str = "offline"
    place: str = ""
    digest: str = ""

    @property
    def exit_code(self) -> int:
        """2 when a promise could not be asked about, else 1 when one is not kept yet, else 0."""
        from preflight.verdict import exit_code

        return exit_code(self.verdicts)

    @property
    def holds(self) -> bool:
        return all(verdict.outcome in ("kept", "elsewhere") for verdict in self.verdicts)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, the shape `check --json` prints."""
        return {
            "lab": self.lab.number,
            "code": code_name(self.code),
            "promises": [
                {
                    "id": verdict.id,
                    "title": verdict.title,
                    "outcome": verdict.outcome,
                    "saw": verdict.saw,
                    "means": verdict.means,
                    "proved": verdict.proved,
                    "bullets": list(verdict.bullets),
                    "where": verdict.where,
                    "waits_on": list(verdict.waits_on),
                }
                for verdict in self.verdicts
            ],
            "not_emulated": [
                {"logical_id": logical_id, "property": property_path} for logical_id, property_path in self.not_emulated
            ],
            "seconds": {stage: round(self.seconds[stage], 3) for stage in STAGES},
        }


class Examiner:
    """Keeps what is slow to start, the CDK kernel and the cloud, warm from one check to the next.

    A context manager; nothing starts before it is needed. `say` is given what the learner's code prints.
    """

    def __init__(self, root: Path, *, say: Callable[[str], object] | None = None) -> None:
        self._root = root
        self._say = say
        self._synthesizer: Synthesizer | None = None
        self._cloud: OfflineCloud | None = None

    def __enter__(self) -> Examiner:
        from preflight.synth import Synthesizer

        self._synthesizer = Synthesizer(self._root, say=self._say).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._synthesizer is not None:
                self._synthesizer.__exit__(kind, error, trace)
        finally:
            if self._cloud is not None:
                self._cloud.__exit__(kind, error, trace)
            self._synthesizer = self._cloud = None

    def warm_up(self) -> None:
        """Start the kernel without waiting for it, for a save that will come."""
        assert self._synthesizer is not None, "an Examiner is a context manager"
        self._synthesizer.start()

    def examine(self, lab: Lab, code: Code, *, limit: float = 60) -> Report:
        """Build, deploy offline, ask every promise. `limit` is the seconds a synthesis may take.

        Raises BrokenCode, Refused, DeployFailed, BrokenLab or Unavailable when no promise could be asked; the first
        three with the learner's file and line.
        """
        begun = time.perf_counter()
        # before the build, so that what is saved meanwhile counts as changed
        digest = digest_of(code) if code.kind == "yours" and code.path.exists() else ""
        assert self._synthesizer is not None, "an Examiner is a context manager"
        synthesizer = self._synthesizer
        # the kernel works in a process of its own, so the cloud is imported and started meanwhile
        pending = synthesizer.begin(code.path, lab.construct_id, limit=limit)
        cloud = self._empty_cloud(code)
        assembly = pending.result()
        with _placed(lab, assembly):
            deployment, deploying = _timed(lambda: cloud.deploy(assembly.directory, assembly.stack_name))
        report = _report(lab, code, deployment, begun, synth=assembly.seconds, deploy=deploying, where=assembly.where)
        return replace(report, digest=digest)

    def template(self, lab: Lab, code: Code) -> Template:
        """What this code declares; raises BrokenCode when it cannot be built."""
        from preflight.template import Template

        assert self._synthesizer is not None, "an Examiner is a context manager"
        return Template.load(self._synthesizer.synth(code.path, lab.construct_id).template_path)

    def _empty_cloud(self, code: Code) -> OfflineCloud:
        if self._cloud is None:
            from preflight.clouds.offline import OfflineCloud

            self._cloud = OfflineCloud().__enter__()
            self._cloud.warm_up(code.path)
        else:
            self._cloud.reset()
        return self._cloud


def examine(
    root: Path, lab: Lab, code: Code, *, limit: float = 60, say: Callable[[str], object] | None = None
) -> Report:
    """Check one lab's code once; see Examiner.examine."""
    with Examiner(root, say=say) as examiner:
        return examiner.examine(lab, code, limit=limit)


def examine_deployed(
    lab: Lab, code: Code, *, endpoint_url: str | None = None, profile: str | None = None, region: str | None = None
) -> Report:
    """Ask every promise of the lab's stack where it is deployed already: an account, or any endpoint.

    Raises Unavailable or DeployFailed when the stack cannot be found there.
    """
    from preflight.clouds.live import LiveCloud

    begun = time.perf_counter()
    cloud = LiveCloud(endpoint_url=endpoint_url, profile=profile, region=region)
    deployment = cloud.attach(lab.construct_id)
    place = endpoint_url or f"account {deployment.account}, {deployment.region}"
    return replace(_report(lab, code, deployment, begun), place=place)


def digest_of(code: Code) -> str:
    """What tells this state of the learner's code from any other, and the starter from what was made of it."""
    folder = code.path.parent
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        passing = any(part.startswith(".") or part in _PASSING for part in inside.parts)
        if passing or path.suffix == ".pyc" or not path.is_file():
            continue
        found.update(f"{inside.as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


_PASSING = {"__pycache__", "cdk.out", "node_modules"}


def code_name(code: Code) -> str:
    """How a report names the code: yours, worked, starter, or the path of a file given by hand."""
    return str(code.path) if code.kind == "file" else code.kind


def _report(
    lab: Lab,
    code: Code,
    deployment: Deployment,
    begun: float,
    *,
    synth: float = 0.0,
    deploy: float = 0.0,
    where: Where | None = None,
) -> Report:
    from preflight import verdict

    verdicts, checking = _timed(lambda: verdict.run(lab, deployment, code=code, where=where))
    placed = tuple(replace(each, where=_from_root(each.where, lab.root)) for each in verdicts)
    seconds = {"synth": synth, "deploy": deploy, "checks": checking, "total": time.perf_counter() - begun}
    not_emulated = tuple(deployment.not_emulated)
    return Report(lab, code, placed, not_emulated, seconds, deployment.mode)


@contextmanager
def _placed(lab: Lab, assembly: Assembly) -> Iterator[None]:
    """What CloudFormation says against the template, said of the learner's lines and with the lab's next command."""
    from preflight.template import Template

    mend = f"mend it, then ./lab check {lab.number}"
    try:
        yield
    except Refused as error:
        if not error.faults:
            raise
        resources = Template.load(assembly.template_path).resources
        paths = [_path_named(fault, resources) for fault in error.faults]
        places = [assembly.where(path or lab.construct_id) for path in paths]
        error.file, error.line = _file_from_root(places[0][0], lab.root), places[0][1]
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        first = _enclosed(error.faults[0])
        error.message = f"CloudFormation refuses the template: {first}{more}; nothing was made; {mend}"
        error.faults = tuple(
            f"{_file_from_root(file, lab.root)}:{line}: {fault}"
            for fault, (file, line) in zip(error.faults, places, strict=True)
        )
        raise
    except DeployFailed as error:
        resource = Template.load(assembly.template_path).resources.get(error.logical_id or "")
        file, error.line = assembly.where(resource.path if resource and resource.path else lab.construct_id)
        error.file = _file_from_root(file, lab.root)
        error.message = error.message.replace(", mend it and deploy again", f"; {mend}")
        raise


def _path_named(fault: str, resources: Mapping[str, Resource]) -> str | None:
    """The construct path of what a fault names first: by its logical id, or by its type when there is no such type."""
    named: list[tuple[int, str]] = []
    for name, resource in resources.items():
        words = [name, resource.type] if "resource types: [" in fault else [name]
        for word in words:
            found = re.search(rf"(?<![\w:]){re.escape(word)}(?![\w:])", fault)
            if found and resource.path:
                named.append((found.start(), resource.path))
    return min(named)[1] if named else None


def _enclosed(fault: str) -> str:
    """A fault as a part of a longer sentence: without its full stop, its question in brackets."""
    return re.sub(r" Did you mean (.*\?)$", r" (did you mean \1)", fault.strip()).rstrip(".")


def _file_from_root(file: str, root: Path) -> Path:
    path = Path(file)
    return path.relative_to(root) if path.is_relative_to(root) else path


def _from_root(where: str | None, root: Path) -> str | None:
    """A "file:line" as the learner types it: from the project's folder when it is inside."""
    if where is None:
        return None
    file, _, line = where.rpartition(":")
    path = Path(file)
    return f"{path.relative_to(root).as_posix()}:{line}" if path.is_relative_to(root) else where


def _timed(call: Callable[[], Value]) -> tuple[Value, float]:
    begun = time.perf_counter()
    value = call()
    return value, time.perf_counter() - begun
