"""A question about a design in the learner's words, put to the analyser that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from preflight.errors import Usage
from preflight.template import Design, Template


@dataclass(frozen=True)
class Point:
    """One line of an answer's reasons: what it is about, what is so, and the line that would change it."""

    about: str
    said: str
    change: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer: yes, no, or None where it depends or is no yes or no; one sentence; its reasons; and plain data."""

    holds: bool | None
    sentence: str
    points: tuple[Point, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """One kind of question: how it is asked, an instance of it, and who answers."""

    usage: str
    example: str
    least: int
    most: int
    answer: Callable[[Template, Design, Sequence[str], Mapping[str, Any]], Reply]


def ask(
    template: Template, words: Sequence[str], *, context: Mapping[str, Any] | None = None, design: Design | None = None
) -> Reply:
    """Answer a question such as `may Worker s3:GetObject Notes/*` from a template.

    `context` holds condition keys for `may`. Raises Usage for a question nobody answers, or a name that means nothing
    or several things.
    """
    if not words:
        raise Usage(f"Ask something: {known()}. For instance ./lab ask 1 leftovers")
    form = FORMS.get(words[0].lower())
    if form is None:
        raise Usage(f"Nobody answers {words[0]}; ask {known()}. For instance ./lab ask 1 leftovers")
    rest = words[1:]
    if not form.least <= len(rest) <= form.most:
        raise Usage(f"Ask it as {form.usage}, for instance ./lab ask {form.example}")
    return form.answer(template, design if design is not None else template.design(), rest, context or {})


def known() -> str:
    """The questions there are, in one phrase."""
    names = list(FORMS)
    return ", ".join(names[:-1]) + f" or {names[-1]}"


def _may(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis import identities

    principal, action, *rest = words
    resource = rest[0] if rest else "*"
    if not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z*?]+", action):
        raise Usage(
            f"{action} is no action, which has a service and a name; for instance ./lab ask {FORMS['may'].example}"
        )
    decision = identities.may(design, principal, action, resource, context=context)
    holds = None if decision.answer == "depends" else decision.answer == "allowed"
    answer = {True: "Yes", False: "No", None: "It depends"}[holds]
    considered = [str(each).partition(": ") for each in decision.trace]
    return Reply(
        holds,
        f"{answer}: {decision.because.rstrip('.')}.",
        tuple(Point(where, said) for where, _, said in considered),
        {
            "principal": principal,
            "action": action,
            "resource": resource,
            "context": dict(context),
            "answer": decision.answer,
            "because": decision.because,
            "depends_on": list(decision.depends_on),
            "trace": [str(each) for each in decision.trace],
        },
    )


def _reach(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis import network

    source, target, asked, *rest = words
    protocol = rest[0].lower() if rest else "tcp"
    way = network.reach(design, source, target, _ports(asked), protocol)
    points = [Point(hop.component, hop.detail) for hop in way.hops]
    data: dict[str, Any] = {"source": source, "target": target, "port": way.port, "protocol": protocol}
    if isinstance(way, network.Path):
        except_for = [each.because for each in way.except_for]
        data |= {"reaches": True, "except_for": except_for}
        sentence = f"Yes, {way.source} reaches {way.target}."
    else:
        points.append(Point(way.logical_id or "stopped", f"{way.explanation} [{way.code}]"))
        others = [each for each in way.blockers if each.code != way.code or each.logical_id != way.logical_id]
        points += [Point("another way", f"{each.explanation} [{each.code}]") for each in others]
        data |= {"reaches": False, "code": way.code, "because": way.because}
        sentence = f"No, {way.source} does not reach {way.target}."
    data |= {"hops": [{"component": hop.component, "detail": hop.detail} for hop in way.hops]}
    data |= {"depends_on": list(way.depends)}
    if way.depends:
        points.append(Point("depends", f"on {', '.join(way.depends)}, which this template cannot know"))
    return Reply(bool(way), sentence, tuple(points), data)


def _leftovers(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis.leftovers import leftovers

    found = leftovers(template, design)
    stops = sum(each.fate == "stops" for each in found)
    if not found:
        sentence = "Deleting the stack takes everything along."
    else:
        count = f"{len(found)} thing{'s' if len(found) != 1 else ''}"
        sentence = f"Deleting the stack does not take {count} along" + (f", and {stops} can stop it." if stops else ".")
    points = tuple(
        Point(each.path or each.logical_id, f"{each.what}, because {each.because}", each.change) for each in found
    )
    return Reply(not found, sentence, points, {"leftovers": [vars(each) for each in found]})


def _lose(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis import resilience

    what = words[0].lower() if words else ""
    if not words:
        return _weakest(design)
    if what == "az":
        if len(words) < 2:
            raise Usage("Say which Availability Zone; ask lose az a")
        loss = resilience.lose(design, az=words[1:])
    elif len(words) > 1:
        raise Usage(f"Ask it as {FORMS['lose'].usage}, for instance ./lab ask {FORMS['lose'].example}")
    else:
        # a resource may be named Region, whatever the word means
        is_region = what == "region" and not design.find(words[0])
        loss = resilience.lose(design, region=True) if is_region else resilience.lose(design, resource=words[0])
    points = [Point(f"{each.label} {each.fate}", each.sentence, each.change) for each in loss.effects]
    if loss.effects:
        points += [Point(f"{each.label}, its data", each.sentence, each.change) for each in loss.objectives]
    for about, names in (
        ("goes with it", loss.gone),
        ("goes on as it is", loss.stands),
        ("stands in no zone", loss.regional),
    ):
        if names:
            points.append(Point(about, ", ".join(names)))
    return Reply(
        loss.survives,
        loss.because,
        tuple(points),
        {
            "lost": loss.lost,
            "survives": loss.survives,
            "effects": [asdict(each) for each in loss.effects],
            "gone": list(loss.gone),
            "stands": list(loss.stands),
            "regional": list(loss.regional),
            "objectives": [asdict(each) for each in loss.objectives],
        },
    )


def _weakest(design: Design) -> Reply:
    """What a design cannot lose, and how much of its data it can."""
    from preflight.analysis import resilience

    found, goals = resilience.single_points(design), resilience.objectives(design)
    count = f"{len(found)} single point{'s' if len(found) != 1 else ''} of failure"
    points = [
        Point(each.label, each.why + ("; it comes back by itself" if each.heals else ""), each.change) for each in found
    ]
    points += [Point(f"{each.label}, its data", each.sentence, each.change) for each in goals]
    return Reply(
        not found,
        f"This design has {count}." if found else "No single zone, machine or gateway stops this design for good.",
        tuple(points),
        {"single_points": [asdict(each) for each in found], "objectives": [asdict(each) for each in goals]},
    )


def _ports(word: str) -> int | tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", word)
    if found is None or int(found[2] or found[1]) > 65535:
        raise Usage(f"{word} is no port, which is a number up to 65535 or a range of two; ask reach FROM TO 443")
    return (int(found[1]), int(found[2])) if found[2] else int(found[1])


FORMS = {
    "may": Form("may WHO ACTION [RESOURCE]", "1 may anyone s3:GetObject Notes/today", 2, 3, _may),
    "reach": Form("reach FROM TO PORT [PROTOCOL]", "6 reach internet Database 5432", 3, 4, _reach),
    "leftovers": Form("leftovers", "1 leftovers", 0, 0, _leftovers),
    "lose": Form("lose [az ZONE | NAME | region]", "6 lose az a", 0, 4, _lose),
}
