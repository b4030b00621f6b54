"""Dynamic references: `{{resolve:…}}` in a template's text, answered by Systems Manager and Secrets Manager.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html, checked_on 2026-11-22
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from preflight.intrinsics import TemplateError, Unknown

MakeClient = Callable[[str], Any]


def answered(value: Any, client: MakeClient, recorded: Collection[str] = ()) -> Any:
    """The value with every dynamic reference in its texts answered; raises TemplateError where one cannot be.

    `recorded` are the names and ARNs of secrets and parameters that are only recorded: their values are unknown.
    """
    if isinstance(value, Mapping):
        return {name: answered(each, client, recorded) for name, each in value.items()}
    if isinstance(value, list):
        return [answered(each, client, recorded) for each in value]
    if type(value) is str and "{{resolve:" in value:
        return _filled(value, client, recorded)
    return value


def _filled(value: str, client: MakeClient, recorded: Collection[str]) -> str:
    unknown = False

    def fill(match: re.Match[str]) -> str:
        nonlocal unknown
        if any(match[2] == name or match[2].startswith(f"{name}:") for name in recorded):
            unknown = True
            return Unknown.of(match[2])
        return _answer(match[1], match[2], client)

    filled = _REFERENCE.sub(fill, value)
    return Unknown(filled) if unknown else filled


def parameters(ssm: Any, names: Collection[str]) -> dict[str, str]:
    """The values of the SSM parameters that exist, by name."""
    wanted, found = sorted(names), {}
    for start in range(0, len(wanted), 10):
        answer = ssm.get_parameters(Names=wanted[start : start + 10])
        secure = [each["Name"] for each in answer["Parameters"] if each.get("Type") == "SecureString"]
        if secure:
            listed = ", ".join(secure)
            raise TemplateError(
                f"Parameters [{listed}] referenced by template have types not supported by CloudFormation."
            )
        found.update({each["Name"]: each["Value"] for each in answer["Parameters"]})
        for name in answer.get("InvalidParameters", ()):
            # public parameters are found one by one only
            try:
                found[name] = ssm.get_parameter(Name=name)["Parameter"]["Value"]
            except ssm.exceptions.ParameterNotFound:
                continue
    return found


def _answer(kind: str, key: str, client: MakeClient) -> str:
    if kind == "secretsmanager":
        return _secret(key, client("secretsmanager"))
    ssm = client("ssm")
    try:
        answer = ssm.get_parameter(Name=key, WithDecryption=kind == "ssm-secure")
    except ssm.exceptions.ClientError as error:
        raise TemplateError(f"Parameters: [ssm:{key}] cannot be found.") from error
    if (answer["Parameter"].get("Type") == "SecureString") != (kind == "ssm-secure"):
        raise TemplateError(f"Parameters [{key}] referenced by template have types not supported by CloudFormation.")
    return str(answer["Parameter"]["Value"])


def _secret(key: str, secrets: Any) -> str:
    # an ARN has six colons of its own
    parts = key.split(":")
    head, rest = (":".join(parts[:7]), parts[7:]) if key.startswith("arn:") else (parts[0], parts[1:])
    kind, json_key, stage, version = [*rest, "", "", "", ""][:4]
    if kind not in ("", "SecretString"):
        raise TemplateError(f"Secrets Manager dynamic reference {key} must ask for SecretString.")
    wanted = (
        {"SecretId": head} | ({"VersionStage": stage} if stage else {}) | ({"VersionId": version} if version else {})
    )
    try:
        secret = str(secrets.get_secret_value(**wanted)["SecretString"])
    except secrets.exceptions.ClientError as error:
        raise TemplateError("Secrets Manager can't find the specified secret.") from error
    if not json_key:
        return secret
    try:
        return str(json.loads(secret)[json_key])
    except (ValueError, KeyError, TypeError) as error:
        raise TemplateError(f"Could not parse SecretString JSON: no key {json_key} in {head}.") from error


_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}")
