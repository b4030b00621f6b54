"""Mends the emulated Secrets Manager: passwords as asked for, rotation in its four steps, replicas with their keys.

Rotation runs before RotateSecret answers, where AWS answers at once and runs it behind; a step that fails ends it, and
leaves the new version at AWSPENDING (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html,
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html, checked_on 2026-11-22).
"""

from __future__ import annotations

import json
import re
import secrets
import string
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's Secrets Manager is loaded."""
    from moto.secretsmanager import models

    kinds, backend = models.FakeSecret, models.SecretsManagerBackend
    update, told, replicas = backend.update_secret, kinds.to_dict, kinds.create_replicas
    move, create = backend.update_secret_version_stage, backend.create_secret

    def update_secret(self: Any, secret_id: str, *rest: Any, **asked: Any) -> Any:
        _refuse_key(self, asked.get("kms_key_id"))
        answer = update(self, secret_id, *rest, **asked)
        if asked.get("description") == "":
            self.secrets[secret_id].description = ""
        return answer

    def create_secret(self: Any, *rest: Any, **asked: Any) -> Any:
        _refuse_key(self, asked.get("kms_key_id"))
        return create(self, *rest, **asked)

    def to_dict(self: Any) -> dict[str, Any]:
        facts: dict[str, Any] = told(self)
        if self.rotation_requested and getattr(self, "rotation_rules", None):
            facts["RotationRules"] = self.rotation_rules
        return facts

    def create_replicas(self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool) -> Any:
        made = replicas(self, replica_regions, force_overwrite=force_overwrite)
        for each, asked in zip(made, replica_regions or (), strict=False):
            each.config["KmsKeyId"] = asked.get("KmsKeyId") or each.config["KmsKeyId"]
        return made

    def update_stage(self: Any, secret_id: str, version_stage: str, *rest: Any, **asked: Any) -> Any:
        answer = move(self, secret_id, version_stage, *rest, **asked)
        secret = self.secrets[secret_id]
        for version, facts in secret.versions.items():
            if "AWSCURRENT" in facts["version_stages"]:
                secret.set_default_version_id(version)
        return answer

    yield backend, "create_secret", create_secret
    yield backend, "update_secret", update_secret
    yield backend, "update_secret_version_stage", update_stage
    yield backend, "rotate_secret", rotate_secret
    yield kinds, "to_dict", to_dict
    yield kinds, "create_replicas", create_replicas
    yield models, "random_password", random_password


def rotate_secret(
    self: Any,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """Keep the schedule, and rotate unless told to wait; then only the function's test step runs."""
    from moto.secretsmanager.exceptions import InvalidRequestException, SecretNotFoundException
    from moto.secretsmanager.models import ReplicaSecret

    if secret_id not in self.secrets:
        raise SecretNotFoundException()
    secret = self.secrets[secret_id]
    if isinstance(secret, ReplicaSecret) or secret.is_deleted():
        said = "You can't perform this operation on the secret because it was marked for deletion."
        raise InvalidRequestException(said)
    function = rotation_lambda_arn or secret.rotation_lambda_arn
    if not function and secret.owning_service is None:
        said = (
            "No Lambda rotation function ARN is associated with this secret. Set the Lambda rotation function, "
            "and then try again."
        )
        raise InvalidRequestException(said)
    if any({*each["version_stages"]} == {"AWSPENDING"} for each in secret.versions.values()) and rotate_immediately:
        raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    rules = rotation_rules or getattr(secret, "rotation_rules", None) or {}
    _refuse_rules(rules)
    if function:
        _refuse_function(self, secret, function)
    secret.rotation_requested, secret.rotation_enabled = True, True
    secret.rotation_lambda_arn, secret.rotation_rules = function or "", rules
    days = rules.get("AutomaticallyAfterDays") or _days(rules.get("ScheduleExpression", ""))
    secret.auto_rotate_after_days = days
    if days:
        secret.next_rotation_date = int(time.time()) + int(days) * 86400
    token = client_request_token or str(uuid.uuid4())
    if secret.owning_service is not None:
        _renew(secret, token)
    elif _run(self, secret, function, token, STEPS if rotate_immediately else ("testSecret",)) and rotate_immediately:
        secret.last_rotation_date = int(time.time())
    return str(secret.to_short_dict())


def _run(backend: Any, secret: Any, function: str, token: str, steps: tuple[str, ...]) -> bool:
    """Call the rotation function once for each step; False when one of them failed."""
    from moto.awslambda.utils import get_backend

    if "createSecret" in steps:
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        pending = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"]}
        secret.versions[token] = pending
    else:
        token = secret.default_version_id or token
    functions = get_backend(secret.account_id, function.split(":")[3])
    for step in steps:
        event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token, "RotationToken": str(uuid.uuid4())}
        headers: dict[str, Any] = {}
        functions.invoke(function, qualifier=None, body=json.dumps(event), headers={}, response_headers=headers)
        if any(name.lower() == "x-amz-function-error" for name in headers):
            return False
    for version, facts in secret.versions.items():
        if "AWSCURRENT" in facts["version_stages"]:
            secret.set_default_version_id(version)
            facts["version_stages"] = [each for each in facts["version_stages"] if each != "AWSPENDING"]
    return True


def _renew(secret: Any, token: str) -> None:
    """A service's own secret is rotated by that service: the password is another."""
    kept = json.loads(secret.versions[secret.default_version_id]["secret_string"])
    kept["password"] = random_password(28, "/@\"' \\", False, False, False, False, False, True)
    made = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSCURRENT"]}
    secret.reset_default_version({**made, "secret_string": json.dumps(kept)}, token)


def _refuse_rules(rules: Mapping[str, Any]) -> None:
    from moto.secretsmanager.exceptions import InvalidParameterException

    days, schedule = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
    if days is not None and schedule:
        said = "You can't specify both AutomaticallyAfterDays and ScheduleExpression."
        raise InvalidParameterException(said)
    if days is not None and not 1 <= int(days) <= 1000:
        raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    if schedule and not re.fullmatch(r"(rate\(\d+ (hours?|days?)\)|cron\(.+\))", schedule):
        raise InvalidParameterException("The ScheduleExpression isn't a valid rate() or cron() expression.")


def _days(schedule: str) -> int:
    found = re.match(r"rate\((\d+) (hour|day)", schedule)
    return max(1, int(found[1]) // (24 if found[2] == "hour" else 1)) if found else 0


def _refuse_function(backend: Any, secret: Any, function: str) -> None:
    """The function has to be there, and to let Secrets Manager invoke it."""
    from moto.awslambda.utils import get_backend
    from moto.core.exceptions import JsonRESTError
    from moto.secretsmanager.exceptions import ResourceNotFoundException

    from preflight.clouds.authorize import Authorizer

    try:
        get_backend(secret.account_id, function.split(":")[3]).get_function(function)
    except Exception:
        raise ResourceNotFoundException(f"Resource not found for ARN '{function}'.") from None
    judge = Authorizer({}, secret.account_id)
    asked = ("secretsmanager.amazonaws.com", "lambda:InvokeFunction", function)
    if not judge.may_deliver(*asked, source=secret.arn, account=secret.account_id):
        said = (
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            "access to the principal secretsmanager.amazonaws.com."
        )
        raise JsonRESTError("AccessDeniedException", said)


def _refuse_key(backend: Any, key: str | None) -> None:
    if not key or key == backend.DEFAULT_KMS_KEY_ALIAS:
        return
    from moto.core.exceptions import JsonRESTError
    from moto.kms.models import kms_backends

    region = key.split(":")[3] if key.startswith("arn:") else backend.region_name
    keys = kms_backends[backend.account_id][region]
    found = keys.keys.get(keys.any_id_to_key_id(key) or "")
    if found is None or found.key_state != "Enabled":
        said = (
            "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS "
            "key is available, enabled, and not in an invalid state."
        )
        raise JsonRESTError("EncryptionFailure", said)


def random_password(
    password_length: int,
    exclude_characters: str,
    exclude_numbers: bool,
    exclude_punctuation: bool,
    exclude_uppercase: bool,
    exclude_lowercase: bool,
    include_space: bool,
    require_each_included_type: bool,
) -> str:
    """A password of exactly the kinds of characters asked for, one of each kind where that is asked for."""
    from moto.secretsmanager.exceptions import InvalidParameterException

    kinds = {
        string.ascii_lowercase: not exclude_lowercase,
        string.ascii_uppercase: not exclude_uppercase,
        string.digits: not exclude_numbers,
        string.punctuation: not exclude_punctuation,
        " ": include_space,
    }
    left = ["".join(each for each in kind if each not in exclude_characters) for kind, on in kinds.items() if on]
    left = [each for each in left if each]
    least = len(left) if require_each_included_type else 1
    if not left or password_length < least:
        said = "Password length is too short based on the required types."
        raise InvalidParameterException(said)
    chosen = [secrets.choice(each) for each in left] if require_each_included_type else []
    chosen += [secrets.choice("".join(left)) for _ in range(password_length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
