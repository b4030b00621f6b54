"""A question about a design in the learner's words, put to the analyser that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from preflight.errors import Usage
from preflight.template import Design, Template

if TYPE_CHECKING:
    from preflight.analysis.network import Path
    from preflight.analysis.picture import Overlay
    from preflight.reviewers import Kept
    from preflight.synth import Synthesizer


@dataclass(frozen=True)
class Point:
    """One line of an answer's reasons: what it is about, what is so, and the line that would change it."""

    about: str
    said: str
    change: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer: yes, no, or None where it depends or is no yes or no; one sentence; its reasons; and plain data.

    `overlay` is what a picture of the design shows of it, for a question that has a picture.
    """

    holds: bool | None
    sentence: str
    points: tuple[Point, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    overlay: Overlay | None = None


@dataclass(frozen=True)
class Form:
    """One kind of question: how it is asked, an instance of it, and who answers."""

    usage: str
    example: str
    least: int
    most: int
    answer: Callable[[Template, Design, Sequence[str], Mapping[str, Any]], Reply]


def ask(
    template: Template,
    words: Sequence[str],
    *,
    context: Mapping[str, Any] | None = None,
    design: Design | None = None,
    synthesizer: Synthesizer | None = None,
    kept: Kept | None = None,
) -> Reply:
    """Answer a question such as `may Worker s3:GetObject Notes/*` from a template.

    `context` holds condition keys for `may`; `synthesizer` runs a review in its own child process, and `kept` are the
    reasons for findings that stay, by resource and rule. Raises Usage for a question nobody answers, or a name that
    means nothing or several things.
    """
    if not words:
        raise Usage(f"Ask something: {known()}. For instance ./lab ask 1 leftovers")
    form = FORMS.get(words[0].lower())
    if form is None:
        raise Usage(f"Nobody answers {words[0]}; ask {known()}. For instance ./lab ask 1 leftovers")
    rest = words[1:]
    if not form.least <= len(rest) <= form.most:
        raise Usage(f"Ask it as {form.usage}, for instance ./lab ask {form.example}")
    asked = design if design is not None else template.design()
    if form.answer is _review:
        reply = _review(template, asked, rest, context or {}, synthesizer, kept)
    else:
        reply = form.answer(template, asked, rest, context or {})
    return reply if design is not None else _with_conditions(reply, template)


def _with_conditions(reply: Reply, template: Template) -> Reply:
    """The answer, and which resources are there or not as a parameter without a value says."""
    undecided = template.undecided()
    if not undecided:
        return reply
    there = template.present(template.scope(strict=False, region="us-east-1"))
    points = [
        Point(
            "depends",
            f"whether {name} is made depends on {_listed([f'the parameter {each}' for each in parameters])}; "
            f"here it is taken {'to be' if name in there else 'not to be'}",
        )
        for name, parameters in undecided.items()
    ]
    data = {**reply.data, "conditions": {name: list(parameters) for name, parameters in undecided.items()}}
    return replace(reply, points=(*reply.points, *points), data=data)


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


def _who_may(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis import grants, identities, weaknesses

    action, *rest = words
    resource = rest[0] if rest else "*"
    _check_action(action, "who-may")
    ways = grants.who_may(design, action, resource, context=context)
    index = identities.index_of(design)
    on = "" if resource == "*" else f" on {resource}"
    # whom the statement for everyone lets in as well need not be told one by one
    everyone = next((each for each in ways if each.kind == "anyone" and each.answer == "allowed"), None)
    told = [each for each in ways if everyone in (None, each) or not set(each.through) <= set(everyone.through)]
    names = [f"{each.kind} {each.who}" if each.kind in PRINCIPALS else grants.titled(each.who) for each in told]
    sure, perhaps = (
        [name for name, each in zip(names, told, strict=True) if (each.answer == "allowed") is wanted]
        for wanted in (True, False)
    )
    sentence = f"{_listed(sure) if sure else 'nobody'} may {action}{on}"
    if perhaps:
        sentence += f"{'; ' if sure else ' for sure; '}for {_listed(perhaps)} it depends"
    sentence += "."
    points = []
    for name, way in zip(names, told, strict=True):
        said = f"through {_listed(way.through)}" if way.through else way.because
        said += f", on {_listed([index.name_of(each) for each in way.on])}" if way.on else ""
        said += f", depending on {_listed(way.depends_on)}" if way.answer == "depends" else ""
        points.append(Point(name, said + (f"; {_listed(way.serves)} runs as it" if way.serves else "")))
    arn = index.arn(resource, action)
    found = [] if resource == "*" else weaknesses.exposures(design, arn, action)
    points += [Point(f"{each.kind}: {each.about}", _weakness(each), each.change) for each in found]
    return Reply(
        None,
        sentence[0].upper() + sentence[1:],
        tuple(points),
        {
            "action": action,
            "resource": resource,
            "context": dict(context),
            "who": [asdict(each) for each in ways],
            "weaknesses": [asdict(each) for each in found],
        },
    )


def _what_may(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis import grants, identities, weaknesses

    index = identities.index_of(design)
    found = weaknesses.weaknesses(design, *words)
    weak = [Point(each.kind if words else f"{each.kind}: {each.about}", _weakness(each), each.change) for each in found]
    told = f"{len(found)} weakness{'es' if len(found) != 1 else ''}" if found else "no weakness"
    if not words:
        sentence = f"The grants of this design have {told} that a template shows."
        return Reply(not found, sentence, tuple(weak), {"weaknesses": [asdict(each) for each in found]})
    lines = grants.what_may(design, words[0], context=context)
    points = [Point(_shortened(each.actions), _line(index, each)) for each in lines]
    count = f"{len(lines)} grant{'s' if len(lines) != 1 else ''}" if lines else "no grant"
    return Reply(
        None,
        f"{words[0]} has {count}, and {told} that a template shows.",
        (*weak, *points),
        {
            "principal": words[0],
            "context": dict(context),
            "grants": [each.as_data() for each in lines],
            "weaknesses": [asdict(each) for each in found],
        },
    )


def _line(index: Any, grant: Any) -> str:
    """One line of what somebody may do, after its actions."""
    from preflight.analysis.grants import all_of

    on = _listed([index.name_of(each) for each in grant.resources])
    said = "on anything" if on == "*" else f"on {on}"
    if grant.within:
        said += f", within {_listed([index.name_of(each) for each in grant.within])}"
    if grant.never:
        said += f", but not {_listed([index.name_of(each) for each in grant.never])}"
    said += all_of(grant.conditions, before=", ")
    if any("*" in each or each.startswith("everything") for each in grant.actions):
        said += f"; {', '.join(f'{count} {level}' for level, count in grant.levels.items())}"
    if grant.closed:
        shut = _listed([index.name_of(arn) for arn, _ in grant.closed], 3)
        said += f"; {shut} let{'s' if len(grant.closed) == 1 else ''} only others in, by policies of their own"
    return f"{said}; through {' and '.join(grant.through)}"


def _weakness(found: Any) -> str:
    return f"It {found.what}. {found.why}. {found.source}"


def _shortened(actions: Sequence[str]) -> str:
    return ", ".join(actions) if len(actions) <= 12 else f"{', '.join(actions[:10])} and {len(actions) - 10} more"


def _listed(names: Sequence[str], most: int = 12) -> str:
    """Names as a sentence lists them."""
    told = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 2 else told)


def _check_action(action: str, form: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9]+", action):
        raise Usage(
            f"{action} is no action, which has a service and a name; for instance ./lab ask {FORMS[form].example}"
        )


PRINCIPALS = ("role", "user", "group", "service")


def _reach(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis import network
    from preflight.analysis.picture import Overlay
    from preflight.analysis.vpc import label

    source, target, *rest = words
    port: int | tuple[int, int] | None = None
    if rest and (rest[0][:1].isdigit() or len(rest) > 1):
        port = _ports(rest.pop(0))
    protocol = rest[0].lower() if rest else "tcp"
    way = network.reach(design, source, target, port, protocol)
    points = [Point(hop.component, hop.detail) for hop in way.hops]
    data: dict[str, Any] = {"source": source, "target": target, "port": way.port, "protocol": protocol}
    if isinstance(way, network.Path):
        except_for = [each.because for each in way.except_for]
        data |= {"reaches": True, "except_for": except_for, "through": list(way.through)}
        only = f", only {way.by_way_of}" if way.through else ""
        sentence = f"Yes, {way.source} reaches {way.target}{only}."
        if way.through and way.except_for:
            points.append(Point("by itself", f"no: {way.except_for[0].explanation} [{way.except_for[0].code}]"))
        points += [] if way.through else _gaps(way)
    else:
        stops = design.resources.get(way.logical_id or "")
        points.append(Point(label(stops) if stops else "stopped", f"{way.explanation} [{way.code}]"))
        others = [each for each in way.blockers if each.code != way.code or each.logical_id != way.logical_id]
        points += [Point("another way", f"{each.explanation} [{each.code}]") for each in others]
        data |= {"reaches": False if not way.depends else None, "code": way.code, "because": way.because}
        sentence = f"No, {way.source} does not reach {way.target}."
        if way.depends:
            sentence = f"It depends whether {way.source} reaches {way.target}."
    data |= {"hops": [{"component": hop.component, "detail": hop.detail} for hop in way.hops]}
    data |= {"depends_on": list(way.depends)}
    if way.depends:
        points.append(Point("depends", f"on {', '.join(way.depends)}, which this template cannot know"))
    holds = True if way else None if way.depends else False
    return Reply(holds, sentence, tuple(points), data, Overlay(reach=way))


def _gaps(way: Path) -> list[Point]:
    """Between which other subnets of a question nothing passes, though between these it does."""
    here = (_place(way.source), _place(way.target))
    gaps = {(_place(each.source), _place(each.target)): each for each in reversed(way.except_for)}
    return [
        Point(f"not {source} to {target}", f"{each.explanation} [{each.code}]")
        for (source, target), each in gaps.items()
        if (source, target) != here
    ][:4]


def _place(name: str) -> str:
    return name.partition(" (")[0]


def _exposed(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis.exposed import exposed

    found = exposed(design)
    count = f"{len(found.open)} thing{'s' if len(found.open) != 1 else ''}"
    sentence = f"The internet reaches {count} of this design." if found.open else "The internet reaches nothing here."
    if found.unsure:
        sentence = sentence[:-1] + f", and {len(found.unsure)} more may be open."
    points = [
        Point(each.what, "\n".join([each.sentence[:1].upper() + each.sentence[1:], *each.way])) for each in found.open
    ]
    points += [
        Point(each.what, f"may be open on {', '.join(each.ports)}: it depends on {', '.join(each.depends)}")
        for each in found.unsure
    ]
    points += [
        Point(
            f"{each.what} only looks open", f"{each.looks}, but {each.why}" + (f" [{each.code}]" if each.code else "")
        )
        for each in found.closed
    ]
    doors = [{**vars(each), "hops": [vars(hop) for hop in each.hops]} for each in (*found.open, *found.unsure)]
    return Reply(
        True if found.open else None if found.unsure else False,
        sentence,
        tuple(points),
        {
            "open": doors[: len(found.open)],
            "unsure": doors[len(found.open) :],
            "closed": [vars(each) for each in found.closed],
        },
    )


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
    from preflight.analysis.picture import Overlay

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
    words_of = {"cut off": "is cut off", "interrupted": "is interrupted"}
    points = [
        Point(f"{each.label} {words_of.get(each.fate, each.fate)}", each.sentence, each.change) for each in loss.effects
    ]
    if loss.effects:
        points += [Point(f"{each.label}, its data", each.sentence, each.change) for each in loss.objectives]
    for about, names in (
        ("goes with it", loss.gone),
        ("goes on as it is", loss.stands),
        ("stands in no zone", loss.regional),
        ("stands in no one Region", loss.everywhere),
    ):
        if names:
            points.append(Point(about, ", ".join(names)))
    pages = dict.fromkeys(each.source for each in loss.effects if each.takes and each.source)
    if pages:
        points.append(Point("read", " ".join(pages)))
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
            "everywhere": list(loss.everywhere),
            "objectives": [asdict(each) for each in loss.objectives],
        },
        Overlay(
            lost_zone=tuple(each.lower() for each in words[1:]),
            prices={each.logical_id: _tag(each) for each in loss.effects if each.logical_id},
            lost=tuple(each.logical_id for each in design.find(words[0])) if what != "az" else (),
            stops=tuple(
                each.logical_id for each in loss.effects if each.fate in ("stops", "cut off") and not each.depends
            ),
            said=loss.because,
            holds=loss.survives,
        ),
    )


def _tag(effect: Any) -> str:
    """What a loss does to something, in the few words a tag has."""
    if effect.unit and effect.before is not None and effect.after:
        return f"{effect.before} → {effect.after} {effect.unit}{'s' if effect.after > 1 else ''}"
    return "perhaps " + str(effect.fate) if effect.depends and effect.fate in ("stops", "cut off") else str(effect.fate)


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


def _cost(template: Template, design: Design, words: Sequence[str], context: Mapping[str, Any]) -> Reply:
    from preflight.analysis.cost import ACCOUNTS, estimate, money
    from preflight.analysis.picture import Overlay

    usage, account, region = {}, "new-free", None
    for word in words:
        name, equals, amount = word.partition("=")
        if equals:
            usage[name] = _amount(name, amount)
        elif word in ACCOUNTS:
            account = word
        elif re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", word):
            region = word
        else:
            raise Usage(f"{word} is no Region, account or use; ask it as {FORMS['cost'].usage}, for instance cost")
    found = estimate(design, usage=usage, account=account, region=region, declared=template)
    points = [Point("account", found.by_account)]
    points += [
        Point(f"{each.name}, {money(each.usd_a_month)}/month", "\n".join(line.sentence for line in each.lines))
        for each in found.by_resource()
    ]
    points += [
        Point(f"{each.name}, by use, {money(each.usd_a_month)}/month", found.assumed(each), f"cost {each.name}=AMOUNT")
        for each in found.by_use()
    ]
    points += [Point("without a price here", str(each)) for each in found.unpriced]
    points += [
        Point("prices from", f"{source}, checked {listed[0].checked_on}") for source, listed in found.sources().items()
    ]
    return Reply(
        None, found.sentence, tuple(points), found.as_data(), Overlay(prices=found.tags(), said=found.sentence)
    )


def _amount(name: str, word: str) -> float:
    try:
        return float(word.replace("_", ""))
    except ValueError:
        raise Usage(f"{word} is no amount; ask cost {name}=1000") from None


def _review(
    template: Template,
    design: Design,
    words: Sequence[str],
    context: Mapping[str, Any],
    synthesizer: Synthesizer | None = None,
    kept: Kept | None = None,
) -> Reply:
    from preflight import reviewers

    if words and words[0].lower() != "all":
        raise Usage(f"{words[0]} is nothing a review knows; ask review, or review all for what is passed over as well")
    heard = reviewers.review(template, design, synthesizer=synthesizer, kept=kept)
    # what a lab keeps on purpose is part of what it teaches
    shown = heard.findings if words else tuple(each for each in heard.findings if each.stands or each.acknowledged)
    count = f"{len(heard.standing)} finding{'s' if len(heard.standing) != 1 else ''} to answer"
    passed = len(heard.findings) - len(shown if not words else heard.standing)
    rest = f"; {passed} more {'is' if passed == 1 else 'are'} passed over, which review all shows" if passed else ""
    sentence = f"{count if heard.standing else 'Nothing in this design asks for an answer'}{rest if not words else ''}."
    together: dict[tuple[str, str], list[str]] = {}
    for each in shown:
        place = f"{each.why.rstrip('.')} [{', '.join(filter(None, (*each.rules, each.bullet)))}]"
        if each.acknowledged:
            place = f"{each.said}; kept, for a reason: {each.acknowledged} [{', '.join(each.rules)}]"
        elif each.noise:
            place = f"{each.said}; passed over: {each.noise} [{', '.join(each.rules)}]"
        change = "" if each.noise or each.acknowledged else each.change
        together.setdefault((place, change), []).append(each.path)
    points = [Point(", ".join(paths), said, change) for (said, change), paths in together.items()]
    points += [Point("not looked at", missed) for missed in heard.missed]
    holds = False if heard.standing else None if heard.missed else True
    return Reply(
        holds,
        sentence,
        tuple(points),
        {"findings": [vars(each) for each in shown], "passed_over": passed, "not_looked_at": list(heard.missed)},
    )


def _ports(word: str) -> int | tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", word)
    if found is None or int(found[2] or found[1]) > 65535:
        raise Usage(f"{word} is no port, which is a number up to 65535 or a range of two; ask reach FROM TO 443")
    return (int(found[1]), int(found[2])) if found[2] else int(found[1])


FORMS = {
    "may": Form("may WHO ACTION [RESOURCE]", "1 may anyone s3:GetObject Notes/today", 2, 3, _may),
    "who-may": Form("who-may ACTION [RESOURCE]", "1 who-may s3:GetObject Notes/*", 1, 2, _who_may),
    "what-may": Form("what-may [WHO]", "3 what-may Triage", 0, 1, _what_may),
    "reach": Form("reach FROM TO [PORT] [PROTOCOL]", "6 reach internet Database 5432", 2, 4, _reach),
    "exposed": Form("exposed", "6 exposed", 0, 0, _exposed),
    "leftovers": Form("leftovers", "1 leftovers", 0, 0, _leftovers),
    "review": Form("review [all]", "1 review", 0, 1, _review),
    "lose": Form("lose [az ZONE | NAME | region]", "6 lose az a", 0, 4, _lose),
    "cost": Form("cost [REGION] [new-free|paid|legacy-free] [USE=AMOUNT …]", "1 cost", 0, 9, _cost),
}
