"""AWS's own managed policies, found by ARN in the text moto ships, without importing moto."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from preflight.analysis.policy import Policy


@cache
def find(arn: str) -> Policy | None:
    """The managed policy with this ARN, or None when AWS has none (of the 1,582 known).

    The first takes about 10 ms, to read the text; each further one less than 1 ms.
    """
    name = arn.rsplit("/", 1)[-1]
    text = _text()
    key = f'\n "{name}":'
    start = text.find(key)
    if start < 0:
        return None
    facts: dict[str, Any]
    facts, _ = json.JSONDecoder().raw_decode(text, start + len(key))
    if not arn.endswith(f":iam::aws:policy{facts['Path']}{name}"):
        return None
    return Policy.read(facts["Document"], f"the AWS managed policy {name}", "identity", arn)


def arns() -> list[str]:
    """The ARNs of every managed policy known."""
    found, name = [], ""
    for match in re.finditer(r'\n "([^"]+)":|\n  "Path":"([^"]+)"', _text()):
        if match[1]:
            name = match[1]
        else:
            found.append(f"arn:aws:iam::aws:policy{match[2]}{name}")
    return found


@cache
def _text() -> str:
    spec = importlib.util.find_spec("moto")
    if spec is None or not spec.submodule_search_locations:
        return ""
    file = Path(spec.submodule_search_locations[0], "iam", "aws_managed_policies.py")
    return file.read_text(encoding="utf-8") if file.is_file() else ""
