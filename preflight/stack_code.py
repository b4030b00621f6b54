"""Builds the one stack class of a file, or says with file and line why it cannot be built yet.

Used where aws_cdk lives: in the child process of `synth`, and in the app the CDK CLI runs.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from preflight.errors import BrokenCode
from preflight.fresh import Seen, Uncached, nearest_place
from preflight.stack_faults import explain, number_of, one_line

COMPANION_REGION = "us-west-2"


@dataclass(frozen=True)
class Built:
    """A stack and its companions, constructed in an App and not yet synthesized."""

    construct_id: str
    stack: Any
    companions: tuple[str, ...]
    file: Path
    class_line: int


def build(app: Any, file: Path, construct_id: str, seen: Seen) -> Built:
    """Construct the one stack class of `file` in `app` as `construct_id`, and its companion beside it.

    Call inside `fresh_code`. Raises BrokenCode naming the learner's file and line.
    """
    module = run_file(file, construct_id, seen)
    main, companion = stack_class(module, file, construct_id)
    beside = {}
    companion_id = f"{construct_id}West"
    if companion is not None:
        import aws_cdk

        west = aws_cdk.Environment(region=COMPANION_REGION)
        beside["west"] = construct(companion, app, companion_id, seen, construct_id, {"env": west})
    wanted = {name: made for name, made in beside.items() if name in inspect.signature(_init(main)).parameters}
    stack = construct(main, app, construct_id, seen, construct_id, wanted)
    return Built(construct_id, stack, (companion_id,) if companion else (), file, class_line(main))


def run_file(file: Path, construct_id: str, seen: Seen) -> ModuleType:
    """Execute `file` as a module of its own and return it."""
    if not file.is_file():
        raise BrokenCode(
            f"there is no such file; ./lab reset {number_of(construct_id)} puts the starter back", file=file
        )
    name = file.stem if file.stem.isidentifier() else "stack"
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"_{name}_of_the_lab"
    loader = Uncached(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException as fault:
        raise explain(fault, file, construct_id, seen) from fault
    return module


def stack_class(module: ModuleType, file: Path, construct_id: str) -> tuple[type, type | None]:
    """The one public Stack subclass `module` defines, and its companion (a second one whose name ends in West)."""
    import aws_cdk

    own = [thing for thing in vars(module).values() if isinstance(thing, type) and thing.__module__ == module.__name__]
    own = list(dict.fromkeys(own))
    stacks = [
        cls
        for cls in own
        if issubclass(cls, aws_cdk.Stack)
        and not issubclass(cls, aws_cdk.NestedStack)
        and not cls.__name__.startswith("_")
    ]
    main = [cls for cls in stacks if not cls.__name__.endswith("West")]
    if len(stacks) == 1:
        return stacks[0], None
    if len(stacks) == 2 and len(main) == 1:
        return main[0], next(cls for cls in stacks if cls is not main[0])
    check = f"./lab check {number_of(construct_id)}"
    if stacks:
        names = _and([cls.__name__ for cls in stacks])
        raise BrokenCode(
            f"found {len(stacks)} stack classes, {names}, where a lab has one; "
            f"start the names of the helpers with an underscore, then {check}",
            file=file,
            line=class_line(stacks[1]),
        )
    found = f"only {_and([cls.__name__ for cls in own])}" if own else "no class at all"
    raise BrokenCode(
        f"found no stack class ({found}); define `class MyStack(aws_cdk.Stack)` in this file, then {check}",
        file=file,
        line=class_line(own[0]) if own else None,
    )


def construct(cls: type, app: Any, own_id: str, seen: Seen, construct_id: str, extra: Mapping[str, Any]) -> Any:
    """Make `cls(app, own_id)` and hold it to the shape every lab's stack has."""
    file, check = Path(inspect.getfile(cls)), f"./lab check {number_of(construct_id)}"
    try:
        inspect.signature(_init(cls)).bind(None, app, own_id, **extra)
    except TypeError as fault:
        raise BrokenCode(
            f"{cls.__name__} is made as {cls.__name__}(scope, construct_id), and its __init__ does not fit "
            f"({fault}); give the rest a default, then {check}",
            file=file,
            line=_init_line(cls),
        ) from fault
    try:
        stack = cls(app, own_id, **extra)
    except BaseException as fault:
        raise explain(fault, file, construct_id, seen, class_line=_init_line(cls)) from fault
    if not hasattr(stack, "__jsii_ref__"):
        raise BrokenCode(
            f"{cls.__name__}.__init__ never calls super().__init__(scope, construct_id, **kwargs); "
            f"make it the first line, then {check}",
            file=file,
            line=_init_line(cls),
        )
    if app.node.try_find_child(own_id) is None:
        raise BrokenCode(
            f"{cls.__name__} gives itself the id {str(stack.node.id)!r}; "
            f"pass construct_id on to super().__init__, then {check}",
            file=file,
            line=_init_line(cls),
        )
    return stack


def synthesize(app: Any, built: Built, seen: Seen) -> None:
    """Synthesize `app`; raise BrokenCode for what shows only now, errors put in by Annotations included."""
    try:
        assembly = app.synth()
    except BaseException as fault:
        errors = annotated(Path(str(app.outdir)), built, "error")
        if errors:
            raise _annotated(errors, built, seen) from fault
        raise explain(fault, built.file, built.construct_id, seen, class_line=built.class_line) from fault
    errors = annotated(Path(assembly.directory), built, "error")
    if errors:
        raise _annotated(errors, built, seen)


def annotated(directory: Path, built: Built, level: str) -> list[tuple[str, str]]:
    """The (construct path, text) of each annotation of `level` ("error", "warning", "info") on the lab's stacks."""

    try:
        artifacts = json.loads((directory / "manifest.json").read_text("utf-8"))["artifacts"]
    except OSError:
        return []
    found = []
    for name in (built.construct_id, *built.companions):
        artifact = artifacts.get(name, {})
        entries = dict(artifact.get("metadata", {}))
        if more := artifact.get("additionalMetadataFile"):
            entries |= json.loads((directory / more).read_text("utf-8"))
        for path, metadata in entries.items():
            found += [
                (path.lstrip("/"), str(entry.get("data"))) for entry in metadata if entry["type"] == f"aws:cdk:{level}"
            ]
    return found


def class_line(cls: type) -> int:
    """The line of a class statement, decorators aside."""
    try:
        lines, first = inspect.getsourcelines(cls)
    except (OSError, TypeError):
        return 1
    return first + next((index for index, text in enumerate(lines) if text.lstrip().startswith("class ")), 0)


def _annotated(errors: list[tuple[str, str]], built: Built, seen: Seen) -> BrokenCode:
    path, text = errors[0]
    file, line = nearest_place(seen.places, path) or (str(built.file), built.class_line)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    words = one_line(text).rstrip(".")
    check = f"./lab check {number_of(built.construct_id)}"
    return BrokenCode(f"{path} carries the error: {words}{more}; mend it, then {check}", file=file, line=line)


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _init(cls: type) -> Any:
    # Asked of the class itself, inspect answers with jsii's metaclass, which takes anything.
    return cls.__init__  # type: ignore[misc]


def _init_line(cls: type) -> int:
    init = vars(cls).get("__init__")
    code = getattr(init, "__code__", None)
    return code.co_firstlineno if code is not None else class_line(cls)
