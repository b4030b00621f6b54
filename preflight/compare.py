"""Two designs beside each other: which resources answer to which, and where their properties differ."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

from preflight.template import Resource, Template

IGNORED_TYPES = ("AWS::CDK::Metadata",)


class _Absent:
    """A property one side does not declare."""

    def __repr__(self) -> str:
        return "(not declared)"


ABSENT = _Absent()


@dataclass(frozen=True)
class Reason:
    """A comment of the worked stack, and the line of code it stands by."""

    about: str
    words: str


@dataclass(frozen=True)
class Difference:
    """A property, by dotted path, with its value on each side; ABSENT where it is not declared."""

    path: str
    yours: Any
    worked: Any


@dataclass(frozen=True)
class Pair:
    """A resource of yours and the one of the worked stack that answers to it; None where there is none."""

    type: str
    yours: str | None
    worked: str | None
    differences: tuple[Difference, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def same(self) -> bool:
        return self.yours is not None and self.worked is not None and not self.differences


@dataclass(frozen=True)
class Comparison:
    """Every resource of both templates, paired where the types allow it."""

    pairs: tuple[Pair, ...]

    @property
    def same(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.same]

    @property
    def different(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.differences]

    @property
    def only_yours(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.worked is None]

    @property
    def only_worked(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.yours is None]


def compare(yours: Template, worked: Template, why: Mapping[str, Sequence[Reason]] | None = None) -> Comparison:
    """Pair the resources of two templates by type and likeness, and name the properties in which each pair differs.

    Names do not count: a reference is the same when it leads to resources that are paired. `why` holds the worked
    stack's reasons by construct id, as `reasons` reads them.
    """
    mine, theirs = _counted(yours), _counted(worked)
    placed, their_placed = _placed(mine), _placed(theirs)
    couples = _couples(placed, their_placed)
    names = {"yours": _labels(mine), "worked": _labels(theirs)}
    # a paired resource goes by one name on both sides, so that references to it compare equal
    shared = {**names["yours"], **{own: f"{names['worked'][other]}#" for own, other in couples.items()}}
    common = {other: f"{label}#" if other in couples.values() else label for other, label in names["worked"].items()}
    pairs = [
        _pair(
            (mine[own], placed[own], shared, names["yours"]),
            (theirs[other], their_placed[other], common, names["worked"]),
            why or {},
        )
        for own, other in couples.items()
    ]
    pairs += [Pair(resource.type, names["yours"][id], None) for id, resource in mine.items() if id not in couples]
    pairs += [
        Pair(resource.type, None, names["worked"][id], reasons=_reasons_for(resource, why or {}, ()))
        for id, resource in theirs.items()
        if id not in couples.values()
    ]
    return Comparison(tuple(pairs))


def reasons(source: str) -> dict[str, list[Reason]]:
    """The comments of a stack's source by the id of the construct they stand by, in order.

    A comment belongs to the construct whose call it is in or above, or to the one whose method is called there.
    """
    tree = ast.parse(source)
    owners = list(_owners(tree))
    found: dict[str, list[Reason]] = {}
    for first, last, words in _comments(source):
        owner = _owner(owners, first, last)
        if owner is not None:
            found.setdefault(owner, []).append(Reason(_line_after(source, last), words))
    return found


def _counted(template: Template) -> dict[str, Resource]:
    return {
        id: replace(resource, properties=_without_names(resource.properties))
        for id, resource in template.resources.items()
        if resource.type not in IGNORED_TYPES
    }


def _without_names(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without the tags that only repeat a construct's name, the author's or CDK's."""
    tags = properties.get("Tags")
    if not isinstance(tags, list):
        return dict(properties)
    kept = [tag for tag in tags if not (isinstance(tag, dict) and str(tag.get("Key")).startswith(NAMING_TAGS))]
    return {
        name: kept if name == "Tags" else value
        for name, value in properties.items()
        if name != "Tags" or kept or not tags
    }


NAMING_TAGS = ("Name", "aws-cdk:", "aws:cdk:")


def _placed(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """The resources with every address told from the beginning of the one VPC's range.

    Another range for the VPC is then one difference, and not another one in each subnet and rule.
    """
    vpcs = {id: resource for id, resource in resources.items() if resource.type == "AWS::EC2::VPC"}
    if len(vpcs) != 1:
        return dict(resources)
    ((vpc, declared),) = vpcs.items()
    whole = _network(declared.properties.get("CidrBlock"))
    if whole is None:
        return dict(resources)
    return {
        id: resource if id == vpc else replace(resource, properties=_relative(resource.properties, vpc, whole))
        for id, resource in resources.items()
    }


def _relative(value: Any, vpc: str, whole: IPv4Network) -> Any:
    if isinstance(value, list):
        return [_relative(each, vpc, whole) for each in value]
    if isinstance(value, dict):
        if value.get("Fn::GetAtt") in ([vpc, "CidrBlock"], f"{vpc}.CidrBlock"):
            return "the VPC's range"
        return {name: _relative(each, vpc, whole) for name, each in value.items()}
    network = _network(value)
    if network is None or not network.subnet_of(whole):
        return value
    if network == whole:
        return "the VPC's range"
    return f"the VPC's range + {int(network.network_address) - int(whole.network_address)}/{network.prefixlen}"


def _network(value: Any) -> IPv4Network | None:
    if not isinstance(value, str) or "/" not in value:
        return None
    try:
        return IPv4Network(value)
    except ValueError:
        return None


def _couples(mine: Mapping[str, Resource], theirs: Mapping[str, Resource]) -> dict[str, str]:
    """The logical ids that answer to each other: the likest of one type, surest first.

    What is sure tells apart what refers to it: two route tables look alike, but not the subnets they belong to. Only
    when nothing more is sure is the likest of what is left taken, one couple at a time.
    """
    couples: dict[str, str] = {}
    while True:
        candidates = _candidates(mine, theirs, couples)
        if not candidates:
            return {own: couples[own] for own in mine if own in couples}
        sure = _sure(candidates)
        couples.update(sure or [candidates[0][1:]])


# how like two resources are, by what they declare and by what refers to them; then the two logical ids
Candidate = tuple[tuple[float, float], str, str]


def _candidates(
    mine: Mapping[str, Resource], theirs: Mapping[str, Resource], known: Mapping[str, str]
) -> list[Candidate]:
    """Every two resources of one type that are not coupled yet, the likest first."""
    partners = {other: own for own, other in known.items()}
    names = {id: f"{resource.type}#{id if id in known else ''}" for id, resource in mine.items()}
    their_names = {id: f"{resource.type}#{partners.get(id, '')}" for id, resource in theirs.items()}
    leaves = {id: _leaf_set(resource, names) for id, resource in mine.items()}
    their_leaves = {id: _leaf_set(resource, their_names) for id, resource in theirs.items()}
    users, their_users = _users(mine, names), _users(theirs, their_names)
    scored = sorted(
        (
            -_likeness(leaves[own], their_leaves[other]),
            -_likeness(users[own], their_users[other]),
            # where all else leaves it open, the construct's name decides
            _label(one) != _label(another),
            order,
            own,
            other,
        )
        for order, (own, one) in enumerate(mine.items())
        for other, another in theirs.items()
        if one.type == another.type and own not in known and other not in partners
    )
    return [((-declared, -used), own, other) for declared, used, _, _, own, other in scored]


def _sure(candidates: Sequence[Candidate]) -> dict[str, str]:
    """The couples in which each is likest to the other, and to nothing else as much."""
    best: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        for end in (("mine", candidate[1]), ("theirs", candidate[2])):
            found = best.setdefault(end, [])
            if not found or found[0][0] == candidate[0]:
                found.append(candidate)
    return {
        own: other
        for likeness, own, other in candidates
        if best["mine", own] == best["theirs", other] == [(likeness, own, other)]
    }


def _users(resources: Mapping[str, Resource], names: Mapping[str, str]) -> dict[str, set[tuple[str, str]]]:
    """What refers to each resource, and where: (property path, the referring resource's name)."""
    users: dict[str, set[tuple[str, str]]] = {id: set() for id in resources}
    for id, resource in resources.items():
        for path, target in _references(resource.properties, ""):
            if target in users:
                users[target].add((path, names[id]))
    return users


def _references(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _references(each, f"{path}[]")
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == "Ref" and isinstance(each, str):
                yield path, each
            elif name == "Fn::GetAtt":
                yield path, each.split(".")[0] if isinstance(each, str) else str(each[0])
            else:
                yield from _references(each, f"{path}.{name}")


def _leaf_set(resource: Resource, names: Mapping[str, str]) -> set[tuple[str, str]]:
    return set(_leaves(_said(resource.properties, names), ""))


def _likeness(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> float:
    """The share of leaves two resources have in common, 0 to 1."""
    return len(one & other) / max(1, len(one | other))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, f"{path}[]")
    else:
        yield path, repr(value)


# a resource as it is shown and as it is compared, with the names of others for comparing and for showing
Told = tuple[Resource, Resource, Mapping[str, str], Mapping[str, str]]


def _pair(yours: Told, worked: Told, why: Mapping[str, Sequence[Reason]]) -> Pair:
    own, other = yours[0], worked[0]
    differences = tuple(_differences(_side(yours), _side(worked), ""))
    told = _reasons_for(other, why, differences) if differences else ()
    return Pair(own.type, yours[3][own.logical_id], worked[3][other.logical_id], differences, told)


def _side(told: Told) -> _Side:
    shown, compared, common, names = told
    return _Side(_said(_declared(compared), common), _said(_declared(shown), names))


def _declared(resource: Resource) -> dict[str, Any]:
    return {**resource.properties, "DeletionPolicy": resource.deletion_policy}


@dataclass(frozen=True)
class _Side:
    """A value twice, of one shape: with the names that are compared, and with those that are shown."""

    compared: Any
    shown: Any

    def __getitem__(self, key: Any) -> _Side:
        return _Side(self.compared[key], self.shown[key])


def _differences(yours: _Side, worked: _Side, path: str) -> Iterator[Difference]:
    one, other = yours.compared, worked.compared
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*other, *one]):
            inner = f"{path}.{name}" if path else name
            if name not in one:
                yield Difference(inner, ABSENT, worked[name].shown)
            elif name not in other:
                yield Difference(inner, yours[name].shown, ABSENT)
            else:
                yield from _differences(yours[name], worked[name], inner)
    elif isinstance(one, list) and isinstance(other, list):
        yield from _list_differences(yours, worked, path)
    else:
        yield Difference(path, yours.shown, worked.shown)


def _list_differences(yours: _Side, worked: _Side, path: str) -> Iterator[Difference]:
    """Lists in a template are sets nearly always: what both have is set aside, the rest is paired in order."""
    mine = [index for index, each in enumerate(yours.compared) if each not in worked.compared]
    theirs = [index for index, each in enumerate(worked.compared) if each not in yours.compared]
    for own, other in zip(mine, theirs, strict=False):
        yield from _differences(yours[own], worked[other], f"{path}[{other}]")
    for own in mine[len(theirs) :]:
        yield Difference(f"{path}[{own}]", yours[own].shown, ABSENT)
    for other in theirs[len(mine) :]:
        yield Difference(f"{path}[{other}]", ABSENT, worked[other].shown)
    if not mine and not theirs and len(yours.compared) != len(worked.compared):
        yield Difference(path, yours.shown, worked.shown)


def _labels(resources: Mapping[str, Resource]) -> dict[str, str]:
    return {id: _label(resource) for id, resource in resources.items()}


def _label(resource: Resource) -> str:
    """A resource as its author knows it: the construct's path inside the stack."""
    if resource.path is None:
        return resource.logical_id
    inside = resource.path.split("/")[1:]
    if len(inside) > 1 and inside[-1] in ("Resource", "Default"):
        inside = inside[:-1]
    return "/".join(inside)


def _said(value: Any, names: Mapping[str, str]) -> Any:
    """A declared value with its functions as text: `${Notes.Arn}/raw/*`."""
    if isinstance(value, list):
        return [_said(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (function, argument), *_ = value.items()
        if function == "Ref":
            return f"${{{names.get(argument, argument)}}}"
        if function == "Fn::GetAtt":
            id, attribute = argument.split(".", 1) if isinstance(argument, str) else (argument[0], argument[1])
            return f"${{{names.get(id, id)}.{attribute}}}"
        if function == "Fn::Join" and isinstance(argument, list) and isinstance(argument[1], list):
            return str(argument[0]).join(str(_said(each, names)) for each in argument[1])
        if function == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([\w:]+)", lambda found: f"${{{names.get(found[1], found[1])}", argument)
    return {name: _said(each, names) for name, each in value.items()}


def _reasons_for(
    resource: Resource, why: Mapping[str, Sequence[Reason]], differences: Sequence[Difference]
) -> tuple[Reason, ...]:
    """What the worked stack says at this resource's construct: about these properties, or else all of it."""
    segments = (resource.path or "").split("/")[1:]
    told = next((why[segment] for segment in reversed(segments) if segment in why), ())
    wanted = {stem for difference in differences for stem in _stems(difference.path)}
    fitting = tuple(reason for reason in told if _stems(reason.about) & wanted)
    return fitting or tuple(told)


def _stems(text: str) -> set[str]:
    """The beginnings of the words in a name, so that `versioned` meets `VersioningConfiguration`."""
    words = re.findall(r"[A-Z]?[a-z]+", text)
    return {word.casefold()[:5] for word in words if len(word) > 3} - _EVERYWHERE


# words that stand in half of all property names tell nothing
_EVERYWHERE = {"confi", "prope", "name", "type", "true", "false", "polic", "state", "self"}


def _comments(source: str) -> Iterator[tuple[int, int, str]]:
    """Blocks of comment lines: the first line's number, the last one's, and the words."""
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if block and line != block[-1][0] + 1:
            yield block[0][0], block[-1][0], " ".join(words for _, words in block)
            block = []
        block.append((line, token.string.lstrip("#").strip()))
    if block:
        yield block[0][0], block[-1][0], " ".join(words for _, words in block)


def _line_after(source: str, line: int) -> str:
    """The code a comment stands by: on its own line when there is some, else on the next."""
    lines = source.splitlines()
    here = lines[line - 1].partition("#")[0].strip()
    code = here or next((each.strip() for each in lines[line:] if each.strip()), "")
    return code.rstrip(" ([{,")


def _owners(tree: ast.AST) -> Iterator[tuple[int, int, str]]:
    """Stretches of lines that belong to a construct: the call that makes it, and the calls of its methods."""
    variables: dict[str, str] = {}
    for statement in ast.walk(tree):
        if not isinstance(statement, (ast.Assign, ast.Expr, ast.AnnAssign)) or statement.value is None:
            continue
        for call in ast.walk(statement.value):
            made = _made_by(call)
            if made is not None and isinstance(call, ast.Call):
                yield call.lineno, call.end_lineno or call.lineno, made
        made = _made_by(statement.value)
        if made is not None and isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            variables[statement.targets[0].id] = made
            yield statement.lineno, statement.end_lineno or statement.lineno, made
        called = _called_on(statement.value)
        if called in variables:
            yield statement.lineno, statement.end_lineno or statement.lineno, variables[called]


def _made_by(node: ast.AST) -> str | None:
    """The construct id when this is a call that makes a construct: `Bucket(self, "Notes", ...)`."""
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return None
    id = node.args[1]
    return id.value if isinstance(id, ast.Constant) and isinstance(id.value, str) else None


def _called_on(node: ast.AST) -> str:
    """The variable whose method is called: `notes` in `notes.grant_read(role)`."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _owner(owners: Sequence[tuple[int, int, str]], first: int, last: int) -> str | None:
    """The construct whose narrowest stretch holds the comment, or begins on the line below it."""
    holding = [owner for owner in owners if owner[0] <= first and last <= owner[1]]
    below = [owner for owner in owners if owner[0] == last + 1]
    found = holding or below
    return min(found, key=lambda owner: owner[1] - owner[0])[2] if found else None
