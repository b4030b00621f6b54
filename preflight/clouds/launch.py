"""Deploys a template, or every stack of a cloud assembly, to a fresh offline cloud, and tells what became of each."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preflight.errors import DeployFailed, Refused, Usage
from preflight.intrinsics import REGIONS

if TYPE_CHECKING:
    from preflight.cloudformation.stack import Stack
    from preflight.clouds.assets import StackArtifact
    from preflight.clouds.offline import OfflineCloud
    from preflight.template import Template

COMMAND = "./lab cloud deploy"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html, checked_on 2026-11-22:
# so many may a template in Amazon S3 have, from where the CDK CLI and `aws cloudformation package` deploy
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """What became of one resource; `applied` of its `declared` property values reached the service."""

    logical_id: str
    type: str
    physical_id: str
    state: str
    not_emulated: tuple[str, ...]
    path: str | None = None
    status: str = ""
    reason: str | None = None
    declared: int = 0
    applied: int = 0


@dataclass(frozen=True)
class StackOutcome:
    """What became of one stack; `status` is CloudFormation's, or REFUSED before it began, or NOT_BEGUN after a failure.

    `faults` are the sentences for whoever is to mend it, `notes` what is good to know of a stack that stands.
    """

    name: str
    region: str
    status: str
    reason: str | None = None
    resources: tuple[Outcome, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True)
class Launch:
    """What became of every stack, in the order they were deployed; `seconds` is all of it together."""

    stacks: tuple[StackOutcome, ...]
    seconds: float

    @property
    def stands(self) -> bool:
        return all(each.stands for each in self.stacks)

    def as_data(self) -> dict[str, Any]:
        """The outcome as plain data, in the shape `./lab cloud deploy --json` prints."""
        names = ("logical_id", "type", "physical_id", "state", "not_emulated")
        return {
            "stacks": [
                {
                    "name": stack.name,
                    "status": stack.status,
                    "reason": stack.reason,
                    "resources": [
                        {name: _plain(getattr(resource, name)) for name in names} for resource in stack.resources
                    ],
                    "outputs": dict(stack.outputs),
                }
                for stack in self.stacks
            ],
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Task:
    """One stack to deploy: a template by itself, or with what its assembly says of it."""

    name: str
    template_file: Path
    artifact: StackArtifact | None = None
    needs: tuple[str, ...] = ()


def tasks(path: Path) -> list[Task]:
    """The stacks a path means, in the order they are to be deployed.

    The path is a template, a cloud assembly (`cdk.out`), its manifest.json, or one template of an assembly, whose
    assets then are published too. Raises Usage, ending in the next command, when it is none of these.
    """
    if path.is_dir():
        if not (path / "manifest.json").is_file():
            raise Usage(_no_manifest(path))
        return _of_assembly(path)
    if not path.exists():
        raise Usage(f"There is no file or folder {path}; look for it with ls {_parent(path)}")
    if path.name == "manifest.json":
        return _of_assembly(path.parent)
    if not path.is_file():
        raise Usage(f"{path} is neither a file nor a folder; name a template, as {COMMAND} template.yaml")
    if (path.parent / "manifest.json").is_file():
        mine = [each for each in _of_assembly(path.parent) if each.template_file.resolve() == path.resolve()]
        if mine:
            return mine
    return [Task(stack_name(path), path)]


def launch(
    cloud: OfflineCloud,
    path: Path,
    *,
    parameters: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Launch:
    """Deploy what `path` means; the first stack that does not stand ends it, and the rest is said not to have begun."""
    given = parameters or {}
    wanted = tasks(path)
    read = {id(task): _read(task.template_file) for task in wanted}
    _refuse_unknown_parameters(given, list(read.values()), path)
    started = time.perf_counter()
    done: list[StackOutcome] = []
    failed: str | None = None
    for task in wanted:
        if failed is not None:
            region = (task.artifact.region if task.artifact else None) or cloud.region
            done.append(StackOutcome(task.name, region, "NOT_BEGUN", f"{failed} does not stand."))
            continue
        template = read[id(task)]
        say(task.name)
        fitting = {
            name.rpartition(":")[2]: value
            for name, value in given.items()
            if name.rpartition(":")[0] in ("", task.name) and name.rpartition(":")[2] in template.parameters
        }
        outcomes = _deploy(cloud, task, template, fitting, _again(path, parameters))
        done += outcomes
        failed = next((each.name for each in outcomes if not each.stands), None)
    return Launch(tuple(done), time.perf_counter() - started)


def known_region(region: str) -> str:
    """The Region, if AWS has one of this name; raises Usage otherwise."""
    if region in REGIONS:
        return region
    near = get_close_matches(region, REGIONS, n=1, cutoff=0.6) or ["us-east-1"]
    raise Usage(f"AWS has no Region {region}; did you mean {near[0]}? Say it with --region {near[0]}")


def known_account(account: str) -> str:
    """The account id, if it is one; raises Usage otherwise."""
    if re.fullmatch(r"\d{12}", account):
        return account
    raise Usage(f"{account} is no account id, which has twelve digits; say one with --account 123456789012")


def account_of(path: Path) -> str | None:
    """The account the stacks of a path are made for, where they name one."""
    return next((each.artifact.account for each in tasks(path) if each.artifact and each.artifact.account), None)


def parameters_of(words: Sequence[str]) -> dict[str, str]:
    """Parameters by name, from words (`Name=Value`, `Stack:Name=Value`) and from files in the AWS CLI's forms.

    A file is a JSON list of `{"ParameterKey", "ParameterValue"}`, a list of "Name=Value", or an object by name, also
    under "Parameters". Raises Usage when a word is neither.
    """
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        as_file = Path(word.removeprefix("file://"))
        if re.fullmatch(r"ParameterKey=[^,]+,ParameterValue=.*", word, re.DOTALL):
            name, _, value = word.removeprefix("ParameterKey=").partition(",ParameterValue=")
            given[name] = value
        elif equals and re.fullmatch(r"([A-Za-z0-9-]+:)?[A-Za-z0-9]+", name):
            given[name] = value
        elif as_file.suffix == ".json" or as_file.is_file():
            given |= _parameter_file(as_file)
        else:
            raise Usage(f"{word} is no parameter; say it as Name=Value, with {COMMAND} PATH --parameters Name=Value")
    return given


def stack_name(template_file: Path) -> str:
    """A stack's name for a template file: letters, digits and hyphens, beginning with a letter.

    A file that only says it is a template is named after its folder.
    """
    stem = template_file.name.split(".")[0]
    if stem.lower() in ("template", "stack", "main"):
        stem = template_file.resolve().parent.name or stem
    name = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-") or "Stack"
    return (name if name[0].isalpha() else f"Stack-{name}")[:128]


def _deploy(
    cloud: OfflineCloud, task: Task, template: Template, given: Mapping[str, str], again: str
) -> list[StackOutcome]:
    """Deploy one stack: its own outcome, then those of the stacks nested in it."""
    artifact = task.artifact
    region = (artifact.region if artifact else None) or cloud.region
    before = len(cloud.cloudformation.stacks)
    started = time.perf_counter()
    fault: Refused | DeployFailed | None = None
    try:
        known_region(region)
        _refuse_missing(template, {**(artifact.parameters if artifact else {}), **given}, again)
        if artifact is None:
            template = _packaged(cloud, task, template, region)
            cloud.deploy_template(task.name, template, parameters=given, region=region)
        else:
            cloud.deploy_artifact(artifact, parameters=given)
    except (Refused, DeployFailed) as error:
        fault = error
    seconds = time.perf_counter() - started
    made = [each for each in cloud.cloudformation.stacks[before:] if each.name]
    mine = next((each for each in made if each.name == task.name), None)
    if mine is None:
        assert fault is not None
        faults = tuple(getattr(fault, "faults", ())) or (str(fault),)
        return [
            StackOutcome(
                task.name, region, "REFUSED", " ".join(faults), seconds=seconds, faults=_sentences(fault, again)
            )
        ]
    notes = tuple(_notes(artifact, cloud, region)) if artifact else ()
    reason = str(getattr(fault, "reason", "") or fault) if fault else None
    own = _outcome(mine, seconds, reason, _sentences(fault, again) if fault else (), notes)
    return [own, *(_outcome(each, 0.0, each.status_reason) for each in made if each is not mine)]


def _packaged(cloud: OfflineCloud, task: Task, template: Template, region: str) -> Template:
    from preflight.clouds.package import packaged

    bucket = f"packages-{cloud.account}-{region}"
    return packaged(task.template_file, template, cloud.client("s3", region=region), bucket=bucket, region=region)


def _outcome(
    stack: Stack, seconds: float, reason: str | None, faults: tuple[str, ...] = (), notes: tuple[str, ...] = ()
) -> StackOutcome:
    outcome = StackOutcome(
        stack.name,
        stack.region,
        stack.status,
        reason,
        tuple(_resource(stack, name) for name in stack.resources),
        {name: str(value) for name, value in stack.outputs.items()},
        seconds,
        faults,
        notes,
    )
    return outcome


def _resource(stack: Stack, name: str) -> Outcome:
    from preflight.cloudformation.ledger import leaves

    resource = stack.resources[name]
    declared = {path for path in leaves(resource.sent) if path}
    return Outcome(
        resource.logical_id,
        resource.type,
        resource.physical_id,
        resource.state,
        tuple(resource.not_emulated),
        resource.metadata.get("aws:cdk:path") if isinstance(resource.metadata, dict) else None,
        resource.status,
        resource.status_reason,
        len(declared),
        len(declared - resource.unapplied) if resource.state == "emulated" else 0,
    )


def _notes(artifact: StackArtifact, cloud: OfflineCloud, region: str) -> Iterator[str]:
    if artifact.account and artifact.account != cloud.account:
        yield f"It is made for account {artifact.account}; here it stands in {cloud.account}, with the other stacks."
    if artifact.lookups:
        yield (
            f"Its app looks things up in an account ({', '.join(artifact.lookups)}); "
            "what was not kept in cdk.context.json is a placeholder of CDK's here."
        )
    for image in dict.fromkeys(artifact.images):
        yield f"The container image of {image} is not built here: that takes a container engine."


def _sentences(fault: Refused | DeployFailed, again: str) -> tuple[str, ...]:
    """A fault for a person: the sentence that ends in the next command, then what else there is to mend."""
    said = str(fault)
    for ending in (", mend it and deploy again", "; mend the template and deploy again"):
        if ending in said:
            said = said.replace(ending, f"; mend it, then {again}")
    if again not in said:
        said = f"{said.rstrip('. ')}; then {again}"
    return (said, *getattr(fault, "faults", ())[1:])


def _refuse_missing(template: Template, given: Mapping[str, str], again: str) -> None:
    missing = [
        name for name, each in template.parameters.items() if isinstance(each, dict) and "Default" not in each
        and name not in given
    ]  # fmt: skip
    if missing:
        example = " ".join(f"--parameters {name}=VALUE" for name in missing[:3])
        said = f"Parameters: [{', '.join(missing)}] must have values"
        raise Refused(f"{said}; nothing was made; give them with {again} {example}", [said])


def _refuse_unknown_parameters(given: Mapping[str, str], templates: Sequence[Template], path: Path) -> None:
    known = [name for each in templates for name in each.parameters]
    for name in given:
        wanted = name.rpartition(":")[2]
        if wanted not in known:
            near = get_close_matches(wanted, known, n=1)
            has = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}."
            where = "The template has" if len(templates) == 1 else "None of the templates has"
            raise Usage(f"{where} no parameter {wanted}; {has} Leave it out: {COMMAND} {path}")


def _read(file: Path) -> Template:
    from preflight.template import Template

    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            said = f"Template may not exceed {MOST_BYTES} bytes in size."
            raise Refused(f"{file} has {size} bytes. {said} Split it into nested stacks, then {COMMAND} {file}", [said])
        return Template.parse(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Usage(f"{file} cannot be read ({error.strerror}); mend that, then {COMMAND} {file}") from error
    except UnicodeDecodeError as error:
        raise Usage(
            f"{file} is no template: it is not UTF-8 text; name a JSON or YAML file, as {COMMAND} template.yaml"
        ) from error
    except Refused as error:
        said = error.faults[0] if error.faults else str(error)
        if "bytes in size" in said:
            raise
        raise Refused(f"{file} is no template. {said} Mend it, then {COMMAND} {file}", error.faults) from error


def _of_assembly(folder: Path) -> list[Task]:
    from preflight.clouds.assets import stacks

    try:
        found = stacks(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Usage(
            f"{folder} is no whole cloud assembly ({type(error).__name__}: {error}); make it anew with cdk synth, "
            f"then {COMMAND} {folder}"
        ) from error
    if not found:
        raise Usage(f"The cloud assembly in {folder} has no stack; add one and run cdk synth, then {COMMAND} {folder}")
    return [Task(each.name, each.template, each) for each in found]


def _no_manifest(folder: Path) -> str:
    if (folder / "cdk.json").is_file():
        out = folder / "cdk.out"
        return f"{folder} is an app, not its cloud assembly; run cdk synth in it, then {COMMAND} {out}"
    if (folder / "cdk.out" / "manifest.json").is_file():
        return f"{folder} has no manifest.json, but there is one in it: {COMMAND} {folder / 'cdk.out'}"
    return (
        f"{folder} has no manifest.json, so it is no cloud assembly; make one with cdk synth, or name a template file"
    )


def _parameter_file(file: Path) -> dict[str, str]:
    try:
        held = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Usage(f"The parameter file {file} cannot be read ({error.strerror}); see ls {_parent(file)}") from error
    except ValueError as error:
        raise Usage(f"The parameter file {file} is not JSON ({error}); mend it, then {COMMAND} PATH again") from error
    if isinstance(held, dict):
        held = held.get("Parameters", held)
    given: dict[str, str] = {}
    for each in [{name: value} for name, value in held.items()] if isinstance(held, dict) else held:
        if isinstance(each, str) and "=" in each:
            name, _, value = each.partition("=")
        elif isinstance(each, dict) and "ParameterKey" in each:
            name, value = each["ParameterKey"], each.get("ParameterValue", "")
        elif isinstance(each, dict) and len(each) == 1:
            name, value = next(iter(each.items()))
        else:
            raise Usage(
                f"The parameter file {file} holds {json.dumps(each)}, which is no parameter; "
                f'write {{"Name": "Value"}}, then {COMMAND} PATH again'
            )
        given[str(name)] = ",".join(map(_text, value)) if isinstance(value, list) else _text(value)
    return given


def _again(path: Path, parameters: Mapping[str, str] | None) -> str:
    words = [f"--parameters {shlex.quote(f'{name}={value}')}" for name, value in (parameters or {}).items()]
    return " ".join([COMMAND, shlex.quote(str(path)), *words])


def _parent(path: Path) -> Path:
    return next((each for each in path.parents if each.is_dir()), Path())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
