"""Mends the emulated IAM: a policy may leave out its version, or be of the older one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html, checked_on 2026-11-22: a
policy without a Version is one of 2008-10-17. AWS SAM's policy templates are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What takes the place of what."""
    from moto.iam.policy_validation import BaseIAMPolicyValidator

    # whether the version is one AWS knows is looked at elsewhere
    yield BaseIAMPolicyValidator, "_validate_version", lambda self: None
