"""Secrets Manager: secrets, who may read them, what they are attached to, and how they are rotated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import (
    Each,
    Name,
    Scope,
    Setting,
    Table,
    Tags,
    call,
    passing_over_gone,
    refusal,
)
from preflight.cloudformation.providers.iam import misspelt_operator, stranger

_OPTIONS = (
    "ExcludeCharacters ExcludeLowercase ExcludeNumbers ExcludePunctuation ExcludeUppercase IncludeSpace "
    "PasswordLength RequireEachIncludedType"
)
_PASSWORD = call("get_random_password", " ".join(f"{name}=GenerateSecretString.{name}" for name in _OPTIONS.split()))


class Secret(Table):
    """A secret: given, or generated from what is asked of it; deleted at once, as CloudFormation does."""

    type = "AWS::SecretsManager::Secret"
    service = "secretsmanager"
    named = Name("Name", limit=512)
    makes = call("create_secret", "Description KmsKeyId SecretString", Name="{name}")
    then = (
        Setting(
            call("update_secret", "Description KmsKeyId SecretString", SecretId="{ref}"),
            otherwise={"Description": "", "KmsKeyId": "alias/aws/secretsmanager"},
            at_create=False,
        ),
        Each(
            "ReplicaRegions",
            add=call(
                "replicate_secret_to_regions",
                SecretId="{ref}",
                AddReplicaRegions=[{"Region": "{item.Region}"}],
            ),
            remove=call("remove_regions_from_replication", SecretId="{ref}", RemoveReplicaRegions=["{item.Region}"]),
        ),
    )
    tags = Tags(call("tag_resource", SecretId="{ref}"), remove=call("untag_resource", SecretId="{ref}"))
    in_place = frozenset({"GenerateSecretString"})
    ref = "ARN"
    drops = "Type"
    # what a password was generated from is told by nobody
    untold = "GenerateSecretString"
    attributes = "Id={ref}"
    unmakes = call("delete_secret", SecretId="{ref}", ForceDeleteWithoutRecovery=True)
    reads = (call("describe_secret", SecretId="{ref}"), call("get_secret_value", SecretId="{ref}"))

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The value is the declared one, or generated."""
        asked = super().arguments(scope)
        if "GenerateSecretString" not in scope.declared:
            return asked
        if "SecretString" in asked:
            said = "You can't specify both SecretString and GenerateSecretString."
            raise refusal("InvalidRequest", said, "CreateSecret")
        # an update makes a new value only where what it is made from has changed
        return {**asked, "SecretString": "" if scope.made else self._generated(scope)}

    def change(self, before: Scope, after: Scope) -> None:
        """What the table says, and a new value where what it is made from has changed."""
        super().change(before, after)
        made_from = after.declared.take("GenerateSecretString")
        if made_from is not None and made_from != before.declared.peek("GenerateSecretString"):
            self.ask(after, "put_secret_value", {"SecretId": after.ref, "SecretString": self._generated(after)})

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A replica is encrypted with its own key."""
        if operation == "replicate_secret_to_regions":
            keys = {each["Region"]: each.get("KmsKeyId") for each in scope.declared.take("ReplicaRegions", [])}
            asked = [{**each, "KmsKeyId": keys.get(each["Region"])} for each in arguments["AddReplicaRegions"]]
            kept = [{key: value for key, value in each.items() if value} for each in asked]
            arguments = {**arguments, "AddReplicaRegions": kept}
        return super().ask(scope, operation, arguments)

    def _generated(self, scope: Scope) -> str:
        password = str(self.ask(scope, "get_random_password", _PASSWORD.render(scope, self.service))["RandomPassword"])
        wanted = scope.declared.take("GenerateSecretString")
        template, key = wanted.get("SecretStringTemplate"), wanted.get("GenerateStringKey")
        if template is None and key is None:
            return password
        if template is None or key is None:
            said = "You must specify both SecretStringTemplate and GenerateStringKey, or neither."
            raise refusal("InvalidRequest", said, "CreateSecret")
        try:
            value = dict(json.loads(template))
        except (ValueError, TypeError) as error:
            said = "Could not parse SecretStringTemplate: it must be a valid JSON object."
            raise refusal("InvalidRequest", said, "CreateSecret") from error
        return json.dumps({**value, key: password}, separators=(",", ":"))


class ResourcePolicy(Table):
    """Who else may use a secret."""

    type = "AWS::SecretsManager::ResourcePolicy"
    service = "secretsmanager"
    makes = call("put_resource_policy", "SecretId ResourcePolicy BlockPublicPolicy")
    then = (
        Setting(
            call("put_resource_policy", "ResourcePolicy BlockPublicPolicy", SecretId="{SecretId}"), at_create=False
        ),
    )
    ref = "ARN"
    untold = "BlockPublicPolicy"
    attributes = "Id={ref}"
    unmakes = call("delete_resource_policy", SecretId="{SecretId}")
    reads = (call("get_resource_policy", SecretId="{SecretId}"),)

    def ask(self, scope: Scope, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse what Secrets Manager refuses."""
        if "ResourcePolicy" in arguments:
            _refuse_policy(json.loads(arguments["ResourcePolicy"]), scope)
        return super().ask(scope, operation, arguments)


def _refuse_policy(policy: Mapping[str, Any], scope: Scope) -> None:
    statements = policy.get("Statement") or []
    for each in statements if isinstance(statements, list) else [statements]:
        if "Principal" not in each and "NotPrincipal" not in each:
            said = "This resource policy contains a syntax error: missing principal."
            raise refusal("MalformedPolicyDocumentException", said, "PutResourcePolicy")
        if stranger(each, scope.context) is not None:
            said = "This resource policy contains an unsupported principal."
            raise refusal("MalformedPolicyDocumentException", said, "PutResourcePolicy")
        if misspelt_operator(each):
            said = f"This resource policy contains an invalid condition: {misspelt_operator(each)}"
            raise refusal("MalformedPolicyDocumentException", said, "PutResourcePolicy")
        anybody = each.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        if (
            scope.declared.peek("BlockPublicPolicy")
            and anybody
            and each["Effect"] == "Allow"
            and not each.get("Condition")
        ):
            said = "You can't attach a resource policy that allows broad access to the secret."
            raise refusal("PublicPolicyException", said, "PutResourcePolicy")


# how the services tell where a database is, and what CloudFormation writes into the secret
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html, 2026-11-22
_TARGETS: dict[str, tuple[str, str, str, str, dict[str, str]]] = {
    "AWS::RDS::DBInstance": (
        *("rds", "describe_db_instances", "DBInstanceIdentifier", "DBInstances"),
        {"engine": "Engine", "host": "Endpoint.Address", "port": "Endpoint.Port", "dbname": "DBName"}
        | {"dbInstanceIdentifier": "DBInstanceIdentifier"},
    ),
    "AWS::RDS::DBCluster": (
        *("rds", "describe_db_clusters", "DBClusterIdentifier", "DBClusters"),
        {"engine": "Engine", "host": "Endpoint", "port": "Port", "dbname": "DatabaseName"}
        | {"dbClusterIdentifier": "DBClusterIdentifier"},
    ),
    "AWS::RDS::DBProxy": (
        *("rds", "describe_db_proxies", "DBProxyName", "DBProxies"),
        {"engine": "EngineFamily", "host": "Endpoint"},
    ),
    "AWS::Redshift::Cluster": (
        *("redshift", "describe_clusters", "ClusterIdentifier", "Clusters"),
        {
            "host": "Endpoint.Address",
            "port": "Endpoint.Port",
            "dbname": "DBName",
            "dbClusterIdentifier": "ClusterIdentifier",
        },
    ),
    "AWS::DocDB::DBInstance": (
        *("docdb", "describe_db_instances", "DBInstanceIdentifier", "DBInstances"),
        {"host": "Endpoint.Address", "port": "Endpoint.Port", "dbInstanceIdentifier": "DBInstanceIdentifier"},
    ),
    "AWS::DocDB::DBCluster": (
        *("docdb", "describe_db_clusters", "DBClusterIdentifier", "DBClusters"),
        {"host": "Endpoint", "port": "Port", "dbClusterIdentifier": "DBClusterIdentifier"},
    ),
}
_ENGINES = {"AWS::Redshift::Cluster": "redshift", "AWS::DocDB::DBInstance": "mongo", "AWS::DocDB::DBCluster": "mongo"}


class SecretTargetAttachment(Table):
    """Writes into the secret where its database is: engine, host, port and names, beside user and password."""

    type = "AWS::SecretsManager::SecretTargetAttachment"
    service = "secretsmanager"
    in_place = frozenset({"TargetId", "TargetType"})
    ref = "{SecretId}"
    attributes = "Id={SecretId}"
    untold = "TargetType"
    reads = (call("describe_secret", SecretId="{ref}"), call("get_secret_value", SecretId="{ref}"))

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Merge what the database's own service tells."""
        self._attach(scope)

    def change(self, before: Scope, after: Scope) -> None:
        """Merge it again."""
        self._attach(after)

    def _attach(self, scope: Scope) -> None:
        kind, target = str(scope.declared.take("TargetType")), str(scope.declared.take("TargetId"))
        if kind not in _TARGETS:
            said = f"Invalid TargetType {kind}: must be one of {', '.join(sorted(_TARGETS))}"
            raise refusal("InvalidRequest", said, "PutSecretValue")
        import jmespath  # type: ignore[import-untyped]

        service, operation, named, listed, paths = _TARGETS[kind]
        facts = getattr(scope.context.client(service), operation)(**{named: target})[listed][0]
        found = {name: jmespath.search(path, facts) for name, path in paths.items()}
        if kind in _ENGINES:
            found["engine"] = _ENGINES[kind]
        value = self.ask(scope, "get_secret_value", {"SecretId": scope.ref})["SecretString"]
        try:
            kept = dict(json.loads(value))
        except (ValueError, TypeError) as error:
            said = "Secret value is not a valid JSON object."
            raise refusal("InvalidRequest", said, "PutSecretValue") from error
        merged = {**kept, **{name: each for name, each in found.items() if each is not None}}
        if merged != kept:
            text = json.dumps(merged, separators=(",", ":"))
            self.ask(scope, "put_secret_value", {"SecretId": scope.ref, "SecretString": text})


class RotationSchedule(Table):
    """When a secret is rotated, and by which function; a function that AWS would host is recorded only.

    A HostedRotationLambda is a repository-hosted application that a transform adds on AWS: nothing rotates here.
    """

    type = "AWS::SecretsManager::RotationSchedule"
    service = "secretsmanager"
    makes = call(
        "rotate_secret", "SecretId RotationLambdaARN RotationRules RotateImmediately=RotateImmediatelyOnUpdate"
    )
    in_place = frozenset({"RotationLambdaARN", "RotationRules", "RotateImmediatelyOnUpdate"})
    ref = "{SecretId}"
    attributes = "Id={SecretId}"
    drops = "ExternalSecretRotationMetadata ExternalSecretRotationRoleArn"
    untold = "RotateImmediatelyOnUpdate"
    reads = (call("describe_secret", SecretId="{SecretId}"),)

    def begin(self, scope: Scope) -> dict[str, Any]:
        """Rotate, by the learner's own function; the secret of a service is rotated by that service."""
        asked = self.arguments(scope)
        if "HostedRotationLambda" in scope.declared and "RotationLambdaARN" not in asked:
            scope.declared.not_emulated("HostedRotationLambda", "RotationRules", "RotateImmediatelyOnUpdate")
            return self.ask(scope, "describe_secret", {"SecretId": asked["SecretId"]})
        return self.ask(scope, "rotate_secret", asked)

    def change(self, before: Scope, after: Scope) -> None:
        """Set the schedule anew; rotate at once unless told not to."""
        self.begin(after)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Stop the rotation."""
        client = context.client("secretsmanager")
        with passing_over_gone():
            if client.describe_secret(SecretId=made.physical_id).get("RotationLambdaARN"):
                client.cancel_rotate_secret(SecretId=made.physical_id)
