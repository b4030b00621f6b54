"""Mounts every lab in one CDK app, so that a lab that cannot be built stops only its own deploy."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from preflight.errors import BrokenCode, PreflightError, Usage
from preflight.node import node_environment
from preflight.workspace import Choice, Code, Workspace

_FOLDER = re.compile(r"lab(\d\d)_[a-z0-9_]+")


@dataclass(frozen=True)
class Mounted:
    """A lab as its folder's name tells it: reading lab.toml would cost every `cdk` call a validation of the course."""

    root: Path
    number: int
    id: str

    @property
    def construct_id(self) -> str:
        return f"Lab{self.number}"

    @property
    def starter(self) -> Path:
        return self.root / "labs" / self.id / "starter"

    @property
    def worked(self) -> Path:
        return self.root / "stacks" / self.id


def main(root: Path) -> None:
    """Build the app the CDK CLI asked for; ends the process with one sentence when its words do not fit."""
    os.environ.update(node_environment(root))
    import aws_cdk

    app = aws_cdk.App()
    try:
        mount(app, root, labs=_context(app, "labs"), code=_context(app, "code"))
        _object(app, root)
    except PreflightError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    app.synth()


def _object(app: Any, root: Path) -> None:
    """Keep every stack out of an account that is not the learner's sandbox; without a sandbox, say so."""
    from preflight.sandbox.settings import objection

    found = objection(root, os.environ)
    if found is None:
        return
    import aws_cdk

    for stack in app.node.children:
        if aws_cdk.Stack.is_stack(stack):
            notes = aws_cdk.Annotations.of(stack)
            if found.stops:
                notes.add_error(f"{stack.node.id}: {found.sentence}")
            else:
                notes.add_warning_v2("preflight:no-sandbox", found.sentence)


def mount(app: Any, root: Path, *, labs: str | None = None, code: str | None = None) -> None:
    """Put the chosen labs' stacks into `app` and say on stderr whose code each is.

    `labs` is "1" or "1,3", all when left out; `code` is "worked", "starter" or a path, else the learner's when started.
    Raises Usage for a lab that is not there.
    """
    found = _chosen(find_labs(root), labs)
    choice = _choice(code)
    if isinstance(choice, Path) and len(found) != 1:
        raise Usage("-c code=PATH is the code of one lab; name it too: -c labs=1")
    workspace = Workspace(root)
    codes = [(lab, workspace.code_for(lab, choice=choice)) for lab in found]
    faults = _faults(root, [(lab, code) for lab, code in codes if code.kind != "worked"])
    for lab, chosen in codes:
        fault = faults.get(lab.id) or _add(app, lab, chosen)
        if fault is not None:
            _add_fault(app, root, lab, fault)
    print(_whose(root, codes), file=sys.stderr)


def find_labs(root: Path) -> list[Mounted]:
    """Every lab that has a worked stack, or that the learner has started, by number.

    A lab that an update took away or renamed stays as long as the learner has it: it may still be deployed.
    """
    workspace = Workspace(root)
    labs: dict[int, Mounted] = {}
    for folder in ("stacks", "labs", "workspace"):
        for path in sorted((root / folder).glob("lab*")):
            if path.is_dir() and (fit := _FOLDER.fullmatch(path.name)):
                labs.setdefault(int(fit[1]), Mounted(root, int(fit[1]), fit[0]))
    return [lab for _, lab in sorted(labs.items()) if (lab.worked / "stack.py").is_file() or workspace.started(lab)]


def _faults(root: Path, codes: Sequence[tuple[Mounted, Code]]) -> dict[str, BrokenCode]:
    """Synthesize each code in an App and a process of its own: nothing it does can then hurt the others.

    What `./lab check` has built already is known and starts no process.
    """
    from preflight.synth import Synthesizer

    faults: dict[str, BrokenCode] = {}
    if not codes:
        return faults
    with Synthesizer(root, say=lambda _: None) as synthesizer:
        for lab, code in codes:
            try:
                synthesizer.synth(code.path, lab.construct_id)
            except BrokenCode as fault:
                faults[lab.id] = fault
    return faults


def _add(app: Any, lab: Mounted, code: Code) -> BrokenCode | None:
    from preflight.fresh import Seen, fresh_code
    from preflight.stack_code import build

    seen = Seen(folder=code.path.parent)
    try:
        with fresh_code(code.path.parent, seen):
            build(app, code.path, lab.construct_id, seen)
    except BrokenCode as fault:
        return fault
    return None


def _add_fault(app: Any, root: Path, lab: Mounted, fault: BrokenCode) -> None:
    """Leave a stack that refuses to be deployed, and says why; the others do not notice."""
    import aws_cdk

    for name in (lab.construct_id, f"{lab.construct_id}West"):
        app.node.try_remove_child(name)
    if fault.file is not None and root in fault.file.parents:
        fault.file = fault.file.relative_to(root)
    stack = aws_cdk.Stack(app, lab.construct_id)
    # A template without resources would be refused for that, too, in words that hide ours.
    aws_cdk.CfnWaitConditionHandle(stack, "NotYet")
    aws_cdk.Annotations.of(stack).add_error(f"{lab.construct_id}: {fault}")


def _whose(root: Path, codes: Sequence[tuple[Mounted, Code]]) -> str:
    if len(codes) == 1:
        lab, code = codes[0]
        place = code.path.relative_to(root) if root in code.path.parents else code.path
        words = {"yours": "your code", "worked": "the worked stack", "starter": "the starter", "file": "the code"}
        return f"{lab.construct_id}: {words[code.kind]}, {place}"
    words = {"yours": "your code", "worked": "the worked stacks", "starter": "the starters", "file": "the code"}
    parts = []
    for kind, word in words.items():
        names = [lab.construct_id for lab, code in codes if code.kind == kind]
        if names:
            parts.append(f"{word} for {', '.join(names)}" if len(names) < 6 else f"{word} for {len(names)} labs")
    return f"Labs: {'; '.join(parts) or 'none found'}"


def _chosen(found: list[Mounted], labs: str | None) -> list[Mounted]:
    if labs is None:
        return found
    wanted = _numbers(labs)
    known = {lab.number for lab in found}
    if missing := sorted(wanted - known):
        there = ", ".join(str(number) for number in sorted(known)) or "none"
        raise Usage(f"there is no lab {missing[0]} here (there are: {there}); cdk ls names them")
    return [lab for lab in found if lab.number in wanted]


def _numbers(labs: str) -> set[int]:
    words: Iterable[str] = (word.strip() for word in labs.split(","))
    try:
        return {int(re.sub(r"(?i)^lab", "", word)) for word in words if word}
    except ValueError:
        raise Usage(f"-c labs={labs} is not a list of numbers; write it as -c labs=1,3") from None


def _choice(code: str | None) -> Choice:
    if code is None or code in ("worked", "starter"):
        return cast(Choice, code)
    return Path(code)


def _context(app: Any, name: str) -> str | None:
    value = app.node.try_get_context(name)
    return None if value in (None, "") else str(value)
