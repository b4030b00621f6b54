"""Weakens a lab's worked template one property at a time, and lists what no promise notices.

    python -m preflight.mutate 6                     every mutation of Lab 6
    python -m preflight.mutate 6 --match "*Subnet*"  those whose line matches
    python -m preflight.mutate 6 --json

A mutation is named `TYPE PROPERTY.PATH CHANGE`. AWS refuses some; of the others each is killed by a promise, or
answered by the lab's survivors.toml, or a check is missing. Left alone are what only people read (descriptions, the
words of tags), a policy's Version, and what CDK brings along for itself.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from preflight.errors import DeployFailed, PreflightError, Refused, Usage
from preflight.lab import Lab

if TYPE_CHECKING:
    from preflight.clouds.offline import OfflineCloud

Body = dict[str, Any]
Steps = tuple[str | int, ...]

# read by people alone
WORDS = frozenset({"Description", "GroupDescription", "AlarmDescription", "Comment", "Sid", "Tags"})
# CDK's own helpers: their types, and the construct ids it gives them
HELPERS = re.compile(
    r"Custom::|AWS679f53fac002430cb0da5b7982bd2287|LogRetention[0-9a-f]|BucketNotificationsHandler|/framework-|/Notifications/HandlerPolicy"
)
TURNED = {
    "Enabled": "Disabled",
    "Disabled": "Enabled",
    "ENABLED": "DISABLED",
    "DISABLED": "ENABLED",
    "enabled": "disabled",
    "true": "false",
    "false": "true",
    "Deny": "Allow",
    "Allow": "Deny",
}
CIDR = re.compile(r"^\d+\.\d+\.\d+\.\d+/\d+$")
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Mutation:
    """One edit of a template: `type` and `path` name the property, `change` what became of it."""

    logical_id: str
    place: str
    type: str
    path: str
    change: str
    edit: Callable[[Body], None] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return " ".join(word for word in (self.type, self.path, self.change) if word)

    def of(self, template: Mapping[str, Any]) -> Body:
        """A copy of the template with the edit."""
        edited = copy.deepcopy(dict(template))
        self.edit(edited)
        return edited


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation: refused by AWS, killed (`by` a promise), unasked, answered (`by` a reason), missed."""

    mutation: Mutation
    what: str
    by: str = ""


def main(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab's number or name.")],
    match: Annotated[
        str, typer.Option("--match", metavar="PATTERN", help="Those whose line matches, as *Subnet*.")
    ] = "*",
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Weaken a worked template one property at a time; exit 1 when a mutation is neither noticed nor answered."""
    root = Path(__file__).resolve().parent.parent
    try:
        chosen = Lab.load(_folder_of(lab, root))
        outcomes = []
        begun = time.monotonic()
        for outcome in survey(chosen, root, match):
            outcomes.append(outcome)
            if not as_json:
                print(
                    f"{outcome.what:9}{outcome.mutation}  ({outcome.mutation.place})  {outcome.by}".rstrip(), flush=True
                )
    except PreflightError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(json.dumps(data(outcomes), indent=2) if as_json else told(chosen, outcomes, time.monotonic() - begun))
    raise typer.Exit(1 if any(each.what in ("missed", "unasked") for each in outcomes) else 0)


def _folder_of(word: str, root: Path) -> Path:
    """The one lab asked for is read, so that another's faults stop nobody."""
    named = f"lab{int(word):02d}_*" if word.isdecimal() else word
    for folder in sorted((root / "labs").glob(named)):
        return folder
    raise Usage(f"labs/ has no {word}; see them all with ./lab list")


def survey(lab: Lab, root: Path, match: str = "*") -> Iterator[Outcome]:
    """Deploy and check each mutation of the lab's worked template in turn."""
    from preflight.clouds.offline import OfflineCloud
    from preflight.synth import Synthesizer

    with Synthesizer(root) as synthesizer, OfflineCloud() as cloud, tempfile.TemporaryDirectory() as folder:
        assembly = synthesizer.synth(lab.worked / "stack.py", lab.construct_id)
        # a copy of our own: another process may tidy the shared ones away meanwhile
        directory = shutil.copytree(assembly.directory, Path(folder) / "assembly")
        file = directory / assembly.template_path.relative_to(assembly.directory)
        template = json.loads(file.read_bytes())
        for mutation in mutations(template):
            if fnmatchcase(str(mutation), match):
                file.write_text(json.dumps(mutation.of(template)), encoding="utf-8")
                yield _tried(lab, mutation, cloud, directory, assembly.stack_name)


def mutations(template: Mapping[str, Any]) -> Iterator[Mutation]:
    """Every mutation of a template, resource by resource, in the order it is written."""
    text = {id: json.dumps(each) for id, each in template.get("Resources", {}).items()}
    outputs = json.dumps([template.get("Outputs", {}), template.get("Conditions", {})])
    for logical_id, resource in template.get("Resources", {}).items():
        type, place = resource["Type"], str(resource.get("Metadata", {}).get("aws:cdk:path", logical_id))
        if type == "AWS::CDK::Metadata" or HELPERS.search(f"{type} {place}"):
            continue
        others = outputs + "".join(words for id, words in text.items() if id != logical_id)
        if not _referred(logical_id, others):
            yield Mutation(logical_id, place, type, "", "deleted", _without(logical_id))
        for path, change, edit in _changes(resource.get("Properties", {}), ()):
            shown = ".".join(str(step) for step in path)
            yield Mutation(logical_id, place, type, shown, change, _at(logical_id, edit))


def answers(lab: Lab, mutation: Mutation) -> str | None:
    """The reason the lab's survivors.toml gives why no promise needs to notice this."""
    for survivor in lab.survivors:
        if any(fnmatchcase(str(mutation), pattern) for pattern in survivor.of):
            return survivor.mutation
    return None


def data(outcomes: list[Outcome]) -> dict[str, Any]:
    """The outcomes as plain data; `relevant` are those a promise should notice."""
    counts = Counter(each.what for each in outcomes)
    return {
        "killed": counts["killed"],
        "relevant": counts["killed"] + counts["missed"] + counts["unasked"],
        "answered": counts["answered"],
        "refused": counts["refused"],
        "missed": [
            {"mutation": str(each.mutation), "resource": each.mutation.place, "outcome": each.what}
            for each in outcomes
            if each.what in ("missed", "unasked")
        ],
    }


def told(lab: Lab, outcomes: list[Outcome], seconds: float) -> str:
    """The last lines an author reads."""
    found = data(outcomes)
    lines = [
        "",
        f"Lab {lab.number}: {found['killed']} of {found['relevant']} relevant mutations killed; "
        f"{found['answered']} answered in survivors.toml, {found['refused']} refused by AWS; {seconds:.0f} s",
    ]
    lines += [f"  {each['outcome']:8} {each['mutation']}  ({each['resource']})" for each in found["missed"]]
    return "\n".join(lines)


def _tried(lab: Lab, mutation: Mutation, cloud: OfflineCloud, directory: Path, stack_name: str) -> Outcome:
    from preflight.verdict import run

    try:
        cloud.reset()
        deployment = cloud.deploy(directory, stack_name)
    except (Refused, DeployFailed):
        return Outcome(mutation, "refused")
    verdicts = run(lab, deployment)
    killers = [each.id for each in verdicts if each.outcome == "not_yet"]
    if killers:
        return Outcome(mutation, "killed", ", ".join(killers))
    excuse = answers(lab, mutation)
    if excuse is not None:
        return Outcome(mutation, "answered", excuse)
    unasked = [each.id for each in verdicts if each.outcome == "could_not_ask"]
    return Outcome(mutation, "unasked", ", ".join(unasked)) if unasked else Outcome(mutation, "missed")


def _changes(value: Any, path: Steps) -> Iterator[tuple[Steps, str, Callable[[Body], None]]]:
    """(path, change, edit of the properties) of all that stands below a value."""
    if _is_intrinsic(value):
        return
    for step, below in value.items() if isinstance(value, dict) else enumerate(value):
        here = (*path, step)
        if (step in WORDS and step != "Tags") or (step == "Version" and "Statement" in value):
            continue
        if not (isinstance(value, list) and len(value) == 1):
            yield here, "deleted", _deleted(here)
        if step == "Tags":
            continue
        for change, new in _weaker(step, below, value):
            yield here, change, _replaced(here, new)
        if isinstance(below, (dict, list)):
            yield from _changes(below, here)


def _weaker(step: str | int, value: Any, around: Any) -> Iterator[tuple[str, Any]]:
    """What a value may be weakened to, each with its words."""
    if isinstance(value, bool):
        yield f"is {str(not value).lower()}", not value
    elif isinstance(value, int):
        yield "is ten times as much", value * 10
        yield "is a tenth", value // 10
    elif isinstance(value, str) and value in TURNED:
        yield f"is {TURNED[value]}", TURNED[value]
    elif isinstance(value, str) and CIDR.match(value) and value != EVERYWHERE:
        yield f"is {EVERYWHERE}", EVERYWHERE
    if isinstance(around, dict) and "Effect" in around:
        if step == "Action":
            first = value[0] if isinstance(value, list) else value
            every = f"{str(first).partition(':')[0]}:*"
            if value != every and value != "*":
                yield f"is {every}", every
        elif step == "Resource" and value != "*":
            yield "is *", "*"
        elif step == "Principal" and value not in ("*", {"AWS": "*"}):
            yield "is *", {"AWS": "*"}


def _is_intrinsic(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def _referred(logical_id: str, text: str) -> bool:
    named = re.escape(logical_id)
    return bool(re.search(rf'"Ref": "{named}"|"Fn::GetAtt": \["{named}"|\$\{{{named}[.}}]', text))


def _without(logical_id: str) -> Callable[[Body], None]:
    def edit(template: Body) -> None:
        del template["Resources"][logical_id]
        for other in template["Resources"].values():
            waits = other.get("DependsOn")
            if waits == logical_id:
                del other["DependsOn"]
            elif isinstance(waits, list):
                other["DependsOn"] = [each for each in waits if each != logical_id]

    return edit


def _at(logical_id: str, edit: Callable[[Body], None]) -> Callable[[Body], None]:
    return lambda template: edit(template["Resources"][logical_id]["Properties"])


def _deleted(path: Steps) -> Callable[[Body], None]:
    def edit(properties: Body) -> None:
        del _parent(properties, path)[path[-1]]

    return edit


def _replaced(path: Steps, new: Any) -> Callable[[Body], None]:
    def edit(properties: Body) -> None:
        _parent(properties, path)[path[-1]] = new

    return edit


def _parent(properties: Any, path: Steps) -> Any:
    for step in path[:-1]:
        properties = properties[step]
    return properties


if __name__ == "__main__":
    typer.run(main)
