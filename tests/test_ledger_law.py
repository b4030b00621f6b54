"""The ledger is true: what it calls applied, the service gives back, and all comes and goes without a trace."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from preflight.cloudformation.ledger import leaves
from preflight.cloudformation.providers import find_provider
from preflight.cloudformation.stack import Stack
from preflight.clouds.offline import OfflineCloud
from preflight.synth import Synthesizer
from tests.readback import lost

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "offline-cloud.md"
SHARES = re.compile(r"(?<=<!-- shares -->\n).*?(?=\n<!-- end of shares -->)", re.S)

APPS = sorted((ROOT / "tests" / "apps").glob("*.py"))
WORKED = sorted((ROOT / "stacks").glob("lab[0-9][0-9]_*/stack.py"))

# what AWS itself never tells again: the registry calls these properties write-only, other tests use what they make
WRITE_ONLY = {
    "AWS::IAM::User": {"LoginProfile.Password"},
}
# these do something instead of being something; tests/cloudformation/providers/test_custom.py looks at what they did
DOES = ("Custom::", "AWS::CloudFormation::", "AWS::CDK::")


@dataclass
class Share:
    """How many declared values of a service's resources were applied."""

    applied: int = 0
    declared: int = 0
    types: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)


shares: defaultdict[str, Share] = defaultdict(Share)


@pytest.fixture(scope="module")
def cloud() -> Iterator[OfflineCloud]:
    with OfflineCloud() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def synthesizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesizer]:
    with Synthesizer(tmp_path_factory.mktemp("synth")) as synthesizer:
        yield synthesizer


@pytest.mark.parametrize("code", [*APPS, *WORKED], ids=lambda file: file.stem if file in APPS else file.parent.name)
def test_what_the_ledger_calls_applied_is_there(cloud: OfflineCloud, synthesizer: Synthesizer, code: Path) -> None:
    cloud.reset()
    name = "".join(word.title() for word in (code.stem if code in APPS else code.parent.name).split("_"))
    assembly = synthesizer.synth(code, name)
    cloud.deploy(assembly.directory, name)
    stack = cloud.cloudformation.get(name)
    assert stack.status == "CREATE_COMPLETE"
    count(stack)

    assert {name: missing for name, missing in losses(cloud, stack).items() if missing} == {}

    cloud.delete(name)
    assert stack.status == "DELETE_COMPLETE"


def test_the_document_tells_the_shares_that_were_measured() -> None:
    if len({each for share in shares.values() for each in share.types}) < 100:
        pytest.skip("the shares are those of all the stacks together")
    table = shares_table()
    text = DOCUMENT.read_text(encoding="utf-8")
    if os.environ.get("PREFLIGHT_UPDATE_GOLDEN"):
        DOCUMENT.write_text(SHARES.sub(lambda _: table, text), encoding="utf-8")
        return
    found = SHARES.search(text)
    assert found and found[0] == table, "docs/offline-cloud.md is behind; run PREFLIGHT_UPDATE_GOLDEN=1 ./lab test"


def losses(cloud: OfflineCloud, stack: Stack) -> dict[str, set[str]]:
    """By resource, what the ledger calls applied and the service does not give back."""
    found = {}
    for resource in stack.resources.values():
        if resource.state != "emulated" or resource.type.startswith(DOES):
            continue
        assert find_provider(resource.type) is not None
        context = cloud.cloudformation.context(stack, resource.logical_id, generation=resource.generation)
        missing = lost(resource.made, resource.type, resource.sent, resource.not_emulated, context)
        untold = WRITE_ONLY.get(resource.type, set())
        found[f"{resource.logical_id} ({resource.type})"] = {
            each for each in missing if re.sub(r"\.\d+", "", each.partition("=")[0]) not in untold
        }
    return found


def count(stack: Stack) -> None:
    """Add a stack's resources to the shares."""
    for resource in stack.resources.values():
        service = resource.type.split("::")[1] if not resource.type.startswith("Custom::") else "custom resources"
        share = shares[service]
        declared = set(leaves(resource.sent)) - {()}
        share.types.add(resource.type)
        share.declared += len(declared)
        if resource.state == "recorded":
            share.recorded.add(resource.type)
        else:
            share.applied += sum(not named(path, resource.not_emulated) for path in declared)


def named(path: tuple[str, ...], not_emulated: tuple[str, ...]) -> bool:
    dotted = ".".join(path)
    return any(dotted == each or dotted.startswith(f"{each}.") for each in not_emulated)


def shares_table() -> str:
    """A Markdown table: service, how many of its declared values were applied, what is only recorded."""
    rows = ["| service | types tried | declared values applied | only recorded |", "|---|---|---|---|"]
    for service, share in sorted(shares.items(), key=lambda each: each[0].lower()):
        recorded = ", ".join(sorted(each.split("::")[-1] for each in share.recorded)) or " "
        part = f"{share.applied} of {share.declared} ({percent(share)})"
        rows.append(f"| {service} | {len(share.types)} | {part} | {recorded} |")
    total = Share(
        sum(each.applied for each in shares.values()),
        sum(each.declared for each in shares.values()),
        {kind for each in shares.values() for kind in each.types},
        {kind for each in shares.values() for kind in each.recorded},
    )
    part = f"**{total.applied} of {total.declared} ({percent(total)})**"
    rows.append(f"| **all** | **{len(total.types)}** | {part} | {len(total.recorded)} types |")
    return "\n".join(rows)


def percent(share: Any) -> str:
    return f"{100 * share.applied / share.declared:.0f} %" if share.declared else "nothing declared"
