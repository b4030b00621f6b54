"""The laws every lab obeys, so that a learner can trust an answer without having seen how it was made.

A law's failure is read by a lab's author: it names the file, and what the law wants of it.
"""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import shutil
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from preflight.analysis.cost import estimate
from preflight.clouds import Deployment
from preflight.clouds.offline import OfflineCloud
from preflight.coverage import coverage
from preflight.errors import BrokenLab, DeployFailed, Refused
from preflight.exams import Exams
from preflight.lab import Lab
from preflight.mutate import mutations
from preflight.reviewers import review
from preflight.synth import Assembly, Synthesizer
from preflight.template import Template
from preflight.verdict import Verdict, run

ROOT = Path(__file__).resolve().parent.parent


def lab_folders() -> list[Path]:
    return sorted(each for each in (ROOT / "labs").iterdir() if re.fullmatch(r"lab\d\d_\w+", each.name))


def solution_files() -> list[Path]:
    return [file for folder in lab_folders() for file in sorted((folder / "solutions").glob("*.py"))]


def mistakes() -> list[tuple[Path, str]]:
    """(lab folder, function name) of every known mistake, by syntax alone: one broken file fails one law, not all."""
    files = [folder / "mistakes.py" for folder in lab_folders() if (folder / "mistakes.py").is_file()]
    return [(file.parent, name) for file in files for name in functions_in(file) if name.startswith("mistake_")]


def functions_in(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]


every_lab = pytest.mark.parametrize("folder", lab_folders(), ids=lambda folder: folder.name)
every_solution = pytest.mark.parametrize("file", solution_files(), ids=lambda file: f"{file.parts[-3]}/{file.stem}")
every_mistake = pytest.mark.parametrize(
    ("folder", "name"),
    mistakes(),
    ids=[f"{folder.name}/{name.removeprefix('mistake_')}" for folder, name in mistakes()],
)


@pytest.fixture(scope="module")
def exams() -> Exams:
    return Exams.load(ROOT)


@pytest.fixture(scope="module")
def synthesizer() -> Iterator[Synthesizer]:
    with Synthesizer(ROOT) as synthesizer:
        synthesizer.start()
        yield synthesizer


@pytest.fixture(scope="module")
def warm_cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(warm_cloud: OfflineCloud) -> OfflineCloud:
    warm_cloud.reset()
    return warm_cloud


@pytest.fixture
def judge(synthesizer: Synthesizer, cloud: OfflineCloud) -> Callable[[Lab, Path], list[Verdict]]:
    """Build a stack file for a lab, deploy it, ask every promise."""

    def judged(lab: Lab, code: Path) -> list[Verdict]:
        deployment = deploy(cloud, synthesizer.synth(code, lab.construct_id))
        assert_nothing_was_dropped(deployment)
        return run(lab, deployment, code=code)

    return judged


# Law 1: a lab's own files are whole.


@every_lab
def test_a_labs_files_are_whole(folder: Path, exams: Exams) -> None:
    try:
        lab = Lab.load(folder)
    except BrokenLab as error:
        pytest.fail(str(error))
    faults = lab.faults()
    faults += [f"labs/{lab.id}/lab.toml: tasks: no {task} in exams/" for task in lab.tasks if not exams.knows(task)]
    faults += [
        f"labs/{lab.id}/decisions.toml: decision {number}: no bullet {decision.bullet} in exams/"
        for number, decision in enumerate(lab.decisions, start=1)
        if not exams.knows(decision.bullet)
    ]
    if len(lab.decisions) < 6:
        faults.append(f"labs/{lab.id}/decisions.toml: {len(lab.decisions)} decisions; a lab ends with 6 or more")
    if not 4 <= len(lab.promises) <= 9:
        faults.append(f"labs/{lab.id}/checks.py: {len(lab.promises)} promises; a lab has 4 to 9")
    assert not faults, listed(faults)


def test_what_labs_need_exists_and_goes_in_no_circle() -> None:
    needs = {lab.number: lab.needs for lab in map(Lab.load, lab_folders())}
    assert not [number for number in needs if circle_from(number, needs)]


def circle_from(number: int, needs: dict[int, list[int]]) -> bool:
    seen: set[int] = set()
    ahead = list(needs[number])
    while ahead:
        each = ahead.pop()
        if each == number:
            return True
        if each not in seen:
            seen.add(each)
            ahead += needs.get(each, [])
    return False


# Law 2: what is right is accepted.


@every_lab
def test_a_worked_stack_keeps_every_promise(folder: Path, judge: Callable[[Lab, Path], list[Verdict]]) -> None:
    lab = Lab.load(folder)
    assert_all_kept(judge(lab, lab.worked / "stack.py"), f"stacks/{lab.id}/stack.py")


@every_solution
def test_another_right_design_keeps_every_promise(file: Path, judge: Callable[[Lab, Path], list[Verdict]]) -> None:
    assert_all_kept(judge(Lab.load(file.parent.parent), file), str(file.relative_to(ROOT)))


# Law 3: a starter is a stack that works and is not yet right.


@every_lab
def test_a_starter_deploys_and_breaks_half_its_promises(
    folder: Path, judge: Callable[[Lab, Path], list[Verdict]]
) -> None:
    lab = Lab.load(folder)
    outcomes = {verdict.id: verdict.outcome for verdict in judge(lab, lab.starter / "stack.py")}

    not_asked = [id for id, outcome in outcomes.items() if outcome == "could_not_ask"]
    assert not not_asked, f"labs/{lab.id}/starter: could not be asked: {listed(not_asked)}"
    broken = [id for id, outcome in outcomes.items() if outcome in ("not_yet", "waiting")]
    assert 2 * len(broken) >= len(outcomes), f"labs/{lab.id}/starter breaks only {listed(broken)} of {len(outcomes)}"


@every_lab
def test_a_starter_has_the_outputs_the_checks_ask_for(
    folder: Path, synthesizer: Synthesizer, cloud: OfflineCloud
) -> None:
    lab = Lab.load(folder)
    asked = outputs_asked_for(lab.checks)
    brief = lab.brief.read_text(encoding="utf-8")
    unnamed = [name for name in asked if name not in brief]
    assert not unnamed, f"labs/{lab.id}/README.md never names these outputs: {listed(unnamed)}"

    deployment = deploy(cloud, synthesizer.synth(lab.starter / "stack.py", lab.construct_id))
    missing = [name for name in asked if not any(name in given for given in deployment.outputs)]
    assert not missing, f"labs/{lab.id}/starter/stack.py has no output {listed(missing)}"


# Laws 4 and 5: what is not yet right is found, by the promise that is about it and by no other.


@every_mistake
def test_a_known_mistake_breaks_its_promise_and_no_other(
    folder: Path, name: str, synthesizer: Synthesizer, cloud: OfflineCloud, tmp_path: Path
) -> None:
    lab = Lab.load(folder)
    mistake = getattr(load(folder / "mistakes.py"), name)
    where = f"labs/{lab.id}/mistakes.py: {name}"
    breaks, also = getattr(mistake, "breaks", None), set(getattr(mistake, "also", ()))
    known = {promise.id for promise in lab.promises}
    assert breaks in known, f"{where} has no @breaks(...) that names a promise; it names {breaks}"
    assert also <= known, f"{where}: also names no promise: {listed(also - known)}"

    assembly = synthesizer.synth(lab.worked / "stack.py", lab.construct_id)
    try:
        deployment = deploy(cloud, assembly, edited(assembly, mistake, tmp_path))
    except (Refused, DeployFailed) as error:
        pytest.fail(f"{where} cannot be deployed, so no learner ever meets it: {error}")
    verdicts = {verdict.id: verdict for verdict in run(lab, deployment)}

    assert verdicts[breaks].outcome == "not_yet", (
        f"{where} leaves {breaks} {verdicts[breaks].outcome}: {shown(verdicts[breaks])}"
    )
    for id, verdict in verdicts.items():
        if id in also:
            assert verdict.outcome in ("not_yet", "waiting"), f"{where}: also names {id}, which is {verdict.outcome}"
        elif id != breaks:
            waits = verdict.outcome == "waiting" and set(verdict.waits_on) <= {breaks, *also}
            assert waits or verdict.outcome in ("kept", "elsewhere"), f"{where} breaks {id} as well: {shown(verdict)}"


@every_lab
def test_every_promise_has_a_mistake_that_breaks_it_and_bullets(folder: Path, exams: Exams) -> None:
    lab = Lab.load(folder)
    module = load(folder / "mistakes.py")
    broken = {getattr(each, "breaks", None) for name, each in vars(module).items() if name.startswith("mistake_")}
    faults = [
        f"labs/{lab.id}/mistakes.py: no mistake breaks {promise.id}"
        for promise in lab.promises
        if promise.id not in broken
    ]
    for promise in lab.promises:
        where = f"labs/{lab.id}/checks.py: check_{promise.id}"
        if not promise.bullets:
            faults.append(f"{where} names no exam bullet")
        faults += [f"{where}: no bullet {bullet} in exams/" for bullet in promise.bullets if not exams.knows(bullet)]
    assert not faults, listed(faults)


@every_lab
def test_every_mistake_says_what_helps(folder: Path) -> None:
    module = load(folder / "mistakes.py")
    silent = [
        name
        for name, each in vars(module).items()
        if name.startswith("mistake_") and not getattr(each, "help", "").strip()
    ]
    assert not silent, f"{folder.name}/mistakes.py: no help=... in {listed(silent)}"


@every_lab
def test_every_survivor_is_a_mutation_of_the_worked_template(folder: Path, synthesizer: Synthesizer) -> None:
    lab = Lab.load(folder)
    assembly = synthesizer.synth(lab.worked / "stack.py", lab.construct_id)
    lines = [str(each) for each in mutations(json.loads(assembly.template_path.read_bytes()))]
    idle = [pattern for each in lab.survivors for pattern in each.of if not fnmatch.filter(lines, pattern)]
    assert not idle, f"labs/{lab.id}/survivors.toml: of: no mutation looks like {listed(idle)}"


# Law 6, the way up and down through the CDK CLI, is in test_cdk_cli.py.

# Law 7: a worked stack passes the security review, or says why it keeps a finding.


@every_lab
def test_a_worked_stack_answers_every_finding_of_the_review(folder: Path, synthesizer: Synthesizer) -> None:
    lab = Lab.load(folder)
    template = Template.load(synthesizer.synth(lab.worked / "stack.py", lab.construct_id).template_path)
    heard = review(template, synthesizer=synthesizer)
    kept = kept_findings(folder)
    answered = {(each["resource"], each["rule"]) for each in kept}

    faults = [f"stacks/{lab.id}: {missed}" for missed in heard.missed]
    faults += [
        f"stacks/{lab.id}: {each.path}: {each.rules[0]}: {each.why} Mend it ({each.change}), or give the reason in "
        f"labs/{lab.id}/review.toml"
        for each in heard.standing
        if not any((each.path, rule) in answered for rule in each.rules)
    ]
    found = {(each.path, rule) for each in heard.standing for rule in each.rules}
    faults += [
        f"labs/{lab.id}/review.toml: {rule} of {resource} is not found any more" for resource, rule in answered - found
    ]
    faults += [
        f"labs/{lab.id}/review.toml: {each['rule']}: {field}: missing or too short"
        for each in kept
        for field, least in (("reason", 60), ("source", 12))
        if len(str(each.get(field, ""))) < least
    ]
    assert not faults, listed(faults)


def kept_findings(folder: Path) -> list[dict[str, Any]]:
    file = folder / "review.toml"
    kept = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return list(kept.get("kept", []))


# Law 8: a lab whose idle cost is 0 declares nothing billed by the hour or month; what it declares is the estimator's.


@every_lab
def test_a_lab_costs_what_it_says(folder: Path, synthesizer: Synthesizer) -> None:
    lab = Lab.load(folder)
    found = estimate(Template.load(synthesizer.synth(lab.worked / "stack.py", lab.construct_id).template_path))
    stack, said = f"stacks/{lab.id}", f"lab.toml says {lab.idle_usd_per_month:g} USD a month"
    if lab.idle_usd_per_month == 0:
        # within what is always free, a thing billed by the month is not billed
        billed = [f"{line.name}: {line.what}" for line in found.lines if not line.by_use and line.usd_a_month]
        assert not billed, f"{stack} is billed while idle; {said}: {listed(billed)}"
    assert not found.unpriced, (
        f"{stack} needs prices in preflight/analysis/prices.toml; {said}: {listed([*found.unpriced])}"
    )
    assert round(found.per_month, 2) == round(lab.idle_usd_per_month, 2), f"{stack}: {found.sentence} {said}"


# Law 9: the course covers what it says, and holds nothing else.


def test_a_complete_exam_is_covered_to_the_last_bullet(exams: Exams) -> None:
    labs = [Lab.load(folder) for folder in lab_folders()]
    for exam in exams.all:
        if exam.complete:
            holes = coverage(exam, labs, ROOT).holes
            assert not holes, f"{exam.id} is marked complete; no promise, decision or question covers {listed(holes)}"


@every_lab
def test_a_labs_folder_holds_nothing_unexpected(folder: Path) -> None:
    stacks = ROOT / "stacks" / folder.name
    strays = [each.relative_to(ROOT) for each in folder.iterdir() if each.name not in LAB_FILES]
    strays += [each.relative_to(ROOT) for each in (folder / "starter").iterdir() if each.name not in STACK_FILES]
    strays += [each.relative_to(ROOT) for each in stacks.iterdir() if each.name not in STACK_FILES]
    assert not strays, f"not part of a lab: {listed(strays)}"


# What design.md asks besides: where code may reach, what a learner reads.


@every_lab
def test_a_lab_imports_the_words_of_checks_and_a_stack_imports_cdk(folder: Path) -> None:
    own = [folder / "checks.py", folder / "mistakes.py"]
    built = [folder / "starter", folder / "solutions", ROOT / "stacks" / folder.name]
    faults = [fault for file in own for fault in strange_imports(file, {"preflight.checks"})]
    for file in sorted(file for place in built for file in place.glob("*.py")):
        faults += strange_imports(file, {"aws_cdk", "constructs"})
    assert not faults, listed(faults)


def strange_imports(file: Path, welcome: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            first = name.partition(".")[0]
            if not (first in sys.stdlib_module_names or name in welcome or first in welcome):
                yield f"{file.relative_to(ROOT)}:{node.lineno} imports {name}"


@every_lab
def test_a_learner_is_never_told_that_it_is_easy_or_wrong(folder: Path) -> None:
    found = [
        f"{where}: “{match.group()}” in “…{text[max(0, match.start() - 30) : match.end() + 30]}…”"
        for where, text in learner_texts(folder)
        for match in re.finditer(r"\b(simply|just|easy|easily|obviously|wrong)\b", text, re.IGNORECASE)
    ]
    assert not found, listed(found)


@every_lab
def test_a_brief_shows_its_picture(folder: Path) -> None:
    brief = (folder / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", brief)
    assert pictures, f"labs/{folder.name}/README.md shows no picture"
    for words, name in pictures:
        assert len(words) > 20, (
            f"labs/{folder.name}/README.md: the picture {name} has no words for those who cannot see it"
        )
        assert ElementTree.parse(folder / name).getroot().tag.endswith("svg")


def learner_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of what a learner reads: no comments, no code."""
    yield "README.md", (folder / "README.md").read_text(encoding="utf-8")
    for name in ("hints.toml", "decisions.toml", "review.toml"):
        if not (folder / name).is_file():
            continue
        data = tomllib.loads((folder / name).read_text(encoding="utf-8"))
        yield from ((name, text) for text in texts_in(data))
    for node in ast.walk(ast.parse((folder / "checks.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield "checks.py", node.value


def texts_in(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from texts_in(each)


def deploy(cloud: OfflineCloud, assembly: Assembly, directory: Path | None = None) -> Deployment:
    return cloud.deploy(directory or assembly.directory, assembly.stack_name)


def edited(assembly: Assembly, mistake: Callable[[Any], Any], folder: Path) -> Path:
    """A copy of the assembly whose template, or a file of whose functions, holds the mistake."""
    copy = folder / "assembly"
    shutil.copytree(assembly.directory, copy)
    name = getattr(mistake, "file", None)
    if name is not None:
        rewrite(copy, name, mistake)
        return copy
    file = copy / assembly.template_path.relative_to(assembly.directory)
    template = json.loads(file.read_bytes())
    before = json.dumps(template)
    mistake(template)
    assert json.dumps(template) != before, f"{mistake.__name__} changes nothing in the worked template"
    file.write_text(json.dumps(template), encoding="utf-8")
    return copy


def rewrite(assembly: Path, name: str, mistake: Callable[[str], str]) -> None:
    """Edit the one file of this name among the assembly's folders of code."""
    files = sorted(assembly.glob(f"asset.*/{name}"))
    assert len(files) == 1, f"{mistake.__name__}: {len(files)} functions of the worked stack have a file {name}"
    before = files[0].read_text(encoding="utf-8")
    after = mistake(before)
    assert after and after != before, f"{mistake.__name__} changes nothing in {name}"
    files[0].write_text(after, encoding="utf-8")


def assert_nothing_was_dropped(deployment: Deployment) -> None:
    """Every declared resource was made or recorded; which of its properties have no effect, the ledger says."""
    declared = {id for id, each in deployment.template.resources.items() if each.condition is None}
    lost = declared - {each.logical_id for each in deployment.resources}
    assert not lost, f"declared and never made: {listed(lost)}"


def assert_all_kept(verdicts: list[Verdict], code: str) -> None:
    faults = [shown(each) for each in verdicts if each.outcome not in ("kept", "elsewhere") or each.left]
    assert not faults, f"{code} is a right design, yet:\n{listed(faults)}"


def shown(verdict: Verdict) -> str:
    left = f"; the check left {listed(verdict.left)}" if verdict.left else ""
    return f"{verdict.id}: {verdict.outcome}: {verdict.saw}{left}\n{verdict.error}".rstrip()


def outputs_asked_for(checks: Path) -> list[str]:
    """The names in every `stack.output("Name")` of this file."""
    calls = [node for node in ast.walk(ast.parse(checks.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    asked = [call.args[0] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "output"]
    return sorted({each.value for each in asked if isinstance(each, ast.Constant) and isinstance(each.value, str)})


def load(file: Path) -> ModuleType:
    """Run a lab's file without leaving a trace in sys.modules or beside it."""
    module = ModuleType(f"{file.parent.name}_{file.stem}")
    module.__file__ = str(file)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), module.__dict__)
    return module


def listed(things: Any) -> str:
    return "\n".join(str(each) for each in things) if len(list(things)) > 1 else ", ".join(str(each) for each in things)


LAB_FILES = {
    "lab.toml",
    "README.md",
    "picture.svg",
    "checks.py",
    "hints.toml",
    "mistakes.py",
    "decisions.toml",
    "survivors.toml",
    "review.toml",
    "starter",
    "solutions",
    "__pycache__",
}
STACK_FILES = {"stack.py", "handler", "__pycache__"}
