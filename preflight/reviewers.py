"""Has a design looked over by cdk-nag and by cloudformation-validate, and their remarks made into findings."""

from __future__ import annotations

import atexit
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import Any

from preflight.analysis import review as findings
from preflight.analysis.review import Finding, Remark
from preflight.cloudformation import transforms, validate
from preflight.errors import PreflightError, Refused, Unavailable
from preflight.intrinsics import TemplateError
from preflight.synth import Synthesizer
from preflight.template import Design, Template


@dataclass(frozen=True)
class Review:
    """What two reviewers found, and one sentence for each thing that could not be looked at."""

    findings: tuple[Finding, ...]
    missed: tuple[str, ...] = ()

    @property
    def standing(self) -> tuple[Finding, ...]:
        """The findings that want an answer: neither noise nor acknowledged."""
        return tuple(each for each in self.findings if each.stands)

    def __bool__(self) -> bool:
        """Whether everything could be looked at and nothing wants an answer."""
        return not self.standing and not self.missed


Kept = Mapping[tuple[str, str], str]


def review(
    template: Template,
    design: Design | None = None,
    *,
    synthesizer: Synthesizer | None = None,
    kept: Kept | None = None,
) -> Review:
    """Review a template; what one reviewer cannot read is said, and what can be reviewed still is.

    cdk-nag runs in the synthesizer's child process, one that stays warm until this process ends where none is given.
    `kept` holds the reasons for findings that stay, by the resource's path and the rule.
    """
    missed: list[str] = []
    plain = _without_macros(template, design, missed)
    if plain is not template or design is None:
        design = plain.design()
    # CDK takes a second to start, in a process of its own; the validator's time is within it
    child = synthesizer or _warm()
    child.start()
    remarks = _validated(plain, missed) + _nagged(plain, design, child, missed)
    missed += [
        f"{name} is a stack of its own, which is not looked into from here; ask review of its own template"
        for name in (item.logical_id for item in design.of_type("AWS::CloudFormation::Stack"))
    ]
    found = [_answered(each, kept or {}) for each in findings.review(plain, design, remarks)]
    return Review(tuple(found), tuple(missed))


def _answered(finding: Finding, kept: Kept) -> Finding:
    reason = next((kept[finding.path, rule] for rule in finding.rules if (finding.path, rule) in kept), "")
    return replace(finding, acknowledged=reason) if reason and finding.stands else finding


def _without_macros(template: Template, design: Design | None, missed: list[str]) -> Template:
    names = transforms.declared(template)
    if not names:
        return template
    region, account = (design.region, design.account) if design else ("us-east-1", "123456789012")
    place = transforms.Place("Stack", region, account, client=_no_client)
    try:
        return transforms.processed(template, {}, place)
    except (PreflightError, TemplateError, KeyError, ValueError) as fault:
        said = fault.faults[0] if isinstance(fault, Refused) and fault.faults else str(fault)
        why = said.splitlines()[0].rstrip(".")
        missed.append(
            f"the template's transforms ({', '.join(names)}) are not carried out here ({why}), so what they make is "
            "not looked at; ask review of the template CloudFormation makes of it"
        )
        return template


def _no_client(service: str) -> Any:
    raise Refused(f"it asks {service} of an account")


def _nagged(template: Template, design: Design, synthesizer: Synthesizer, missed: list[str]) -> list[Remark]:
    body = findings.readable(template, design)
    if not body["Resources"]:
        return []
    try:
        with _asking:
            heard = synthesizer.review(body)
    except Unavailable as fault:
        missed.append(f"cdk-nag did not look: {fault}")
        return []
    if heard["failed"]:
        missed.append(
            f"cdk-nag could not read the template ({heard['failed'].rstrip('.')}); mend it, then ask review again"
        )
    for name, why in heard["left_out"].items():
        missed.append(f"cdk-nag could not read {name} ({why.rstrip('.')}); mend it, then ask review again")
    return [Remark(each["rule"], each["logical_id"], each["text"]) for each in heard["said"]]


def _validated(template: Template, missed: list[str]) -> list[Remark]:
    engine = validate.engine()
    if engine is None:
        missed.append("cloudformation-validate does not run on this machine; ./lab doctor says what is missing")
        return []
    from cloudformation_validate import TemplateContent, ValidateConfig, ValidationError

    text = template.text if template.text is not None else json.dumps(template.body)
    try:
        report = engine.validate_template(TemplateContent(text), ValidateConfig())
    except ValidationError as fault:
        why = str(fault).splitlines()[0].rstrip(".")
        missed.append(f"cloudformation-validate could not read the template ({why}); mend it, then ask review again")
        return []
    return [
        Remark(each.rule_id + _port(str(each.message)), each.entity.logical_id, str(each.message))
        for each in report.diagnostics
        # the rest is about how a template is written, or refused when it is deployed
        if each.rule_id in findings.rules() and each.entity is not None and each.entity.logical_id
    ]


def _port(message: str) -> str:
    """What a rule is about, in brackets as cdk-nag has it: the validator names it in its sentence alone."""
    found = re.search(r"sensitive port (\d+)", message)
    return f"[Port::{found[1]}]" if found else ""


# a kernel answers one question at a time
_asking = Lock()


@cache
def _warm() -> Synthesizer:
    synthesizer = Synthesizer()
    atexit.register(synthesizer.close)
    return synthesizer
