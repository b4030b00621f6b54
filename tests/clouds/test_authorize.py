"""A deployed role can do what its policies say, and no more, however the call is made."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from preflight.clouds.authorize import Authorizer
from preflight.clouds.offline import OfflineCloud

ACCOUNT = "123456789012"
REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
REFUSED |= {"KMS.AccessDeniedException", "KMSAccessDenied"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, on="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


def deny(action, on="*", **more):
    return {**allow(action, on, **more), "Effect": "Deny"}


def trust(principal, **more):
    return document({"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"], **more})


class House:
    """An emulated account, with a deployer and those it deploys."""

    def __init__(self, cloud: OfflineCloud, url: str | None = None) -> None:
        self.cloud = cloud
        self.url = url
        self.iam, self.sts, self.s3 = (cloud.client(each) for each in ("iam", "sts", "s3"))

    def role(self, name: str, *statements: Any, trusts: Any = None, **more: Any) -> str:
        principal = trusts or {"Service": "lambda.amazonaws.com"}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal), **more)["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="mine", PolicyDocument=document(*statements))
        return str(arn)

    def user(self, name: str, *statements: Any) -> str:
        arn = self.iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="mine", PolicyDocument=document(*statements))
        return str(arn)

    def bucket(self, name: str, **objects: bytes) -> str:
        self.s3.create_bucket(Bucket=name)
        for key, body in objects.items():
            self.s3.put_object(Bucket=name, Key=key, Body=body)
        return name

    def as_role(self, name: str, service: str, **asked: Any) -> Any:
        arn = name if name.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:role/{name}"
        answer = self.sts.assume_role(RoleArn=arn, RoleSessionName="tuesday", **asked)
        return self.with_keys(answer["Credentials"], service)

    def as_user(self, name: str, service: str) -> Any:
        return self.with_keys(self.iam.create_access_key(UserName=name)["AccessKey"], service)

    def with_keys(self, keys: Any, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}),
        )

    def nobody(self) -> Any:
        return boto3.client(
            "s3", region_name="us-east-1", endpoint_url=self.url, config=Config(signature_version=UNSIGNED)
        )


@pytest.fixture(params=["in this process", "at the endpoint"])
def house(request, cloud):
    return House(cloud, cloud.serve() if request.param == "at the endpoint" else None)


@pytest.fixture
def home(cloud):
    return House(cloud)


def refusal(call, **kwargs) -> str:
    """The message of a refusal for want of permission, "" when the call goes through."""
    try:
        call(**kwargs)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in REFUSED, f"{code}: {error}"
        return error.response["Error"]["Message"] or code
    return ""


def test_a_role_may_do_what_it_is_granted_and_nothing_else(house):
    house.bucket("notes", a=b"1")
    house.role("reader", allow("s3:GetObject", "arn:aws:s3:::notes/*"))
    s3 = house.as_role("reader", "s3")
    assert s3.get_object(Bucket="notes", Key="a")["Body"].read() == b"1"
    assert refusal(s3.put_object, Bucket="notes", Key="b", Body=b"2") == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/reader/tuesday is not authorized to perform: s3:PutObject "
        'on resource: "arn:aws:s3:::notes/b" because no identity-based policy allows the s3:PutObject action'
    )
    assert "b" not in {each["Key"] for each in house.s3.list_objects_v2(Bucket="notes")["Contents"]}
    assert refusal(s3.list_objects_v2, Bucket="notes")
    assert refusal(s3.list_buckets)
    assert refusal(s3.head_bucket, Bucket="notes")


def test_a_role_without_any_policy_may_do_nothing(house):
    house.role("empty")
    for service, call, asked in (
        ("s3", "list_buckets", {}),
        ("dynamodb", "list_tables", {}),
        ("ec2", "describe_instances", {}),
        ("sqs", "list_queues", {}),
        ("sns", "list_topics", {}),
        ("iam", "list_users", {}),
        ("lambda", "list_functions", {}),
        ("ssm", "get_parameter", {"Name": "/a"}),
        ("logs", "describe_log_groups", {}),
        ("kms", "list_keys", {}),
    ):
        assert refusal(getattr(house.as_role("empty", service), call), **asked), service
    assert house.as_role("empty", "sts").get_caller_identity()["Account"] == ACCOUNT


def test_the_deployer_is_not_limited(house):
    house.bucket("notes", a=b"1")
    house.s3.put_bucket_policy(
        Bucket="notes", Policy=document(deny("s3:*", "arn:aws:s3:::notes/*", Principal={"AWS": ACCOUNT}))
    )
    assert house.s3.get_object(Bucket="notes", Key="a")


def test_a_policy_counts_from_the_moment_it_is_put(home):
    home.bucket("notes", a=b"1")
    home.role("reader")
    s3 = home.as_role("reader", "s3")
    assert refusal(s3.get_object, Bucket="notes", Key="a")
    home.iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(allow("s3:*")))
    assert not refusal(s3.get_object, Bucket="notes", Key="a")
    home.iam.delete_role_policy(RoleName="reader", PolicyName="p")
    assert refusal(s3.get_object, Bucket="notes", Key="a")


def test_every_way_a_policy_reaches_a_user(home):
    home.bucket("notes", a=b"1")
    grant = document(allow("s3:GetObject", "arn:aws:s3:::notes/*"))
    managed = home.iam.create_policy(PolicyName="managed", PolicyDocument=grant)["Policy"]["Arn"]
    for name in ("inline", "attached", "grouped", "grouped-attached", "plain"):
        home.user(name)
    home.iam.put_user_policy(UserName="inline", PolicyName="p", PolicyDocument=grant)
    home.iam.attach_user_policy(UserName="attached", PolicyArn=managed)
    home.iam.create_group(GroupName="devs")
    home.iam.put_group_policy(GroupName="devs", PolicyName="p", PolicyDocument=grant)
    home.iam.create_group(GroupName="ops")
    home.iam.attach_group_policy(GroupName="ops", PolicyArn=managed)
    home.iam.add_user_to_group(GroupName="devs", UserName="grouped")
    home.iam.add_user_to_group(GroupName="ops", UserName="grouped-attached")
    for name in ("inline", "attached", "grouped", "grouped-attached"):
        assert not refusal(home.as_user(name, "s3").get_object, Bucket="notes", Key="a"), name
    assert refusal(home.as_user("plain", "s3").get_object, Bucket="notes", Key="a")
    # the default version is the one that counts
    home.iam.create_policy_version(PolicyArn=managed, PolicyDocument=document(allow("ec2:*")), SetAsDefault=True)
    assert refusal(home.as_user("attached", "s3").get_object, Bucket="notes", Key="a")


def test_boundaries_of_roles_and_users(home):
    limit = home.iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("ec2:*")))["Policy"]["Arn"]
    home.role("bounded", allow("*"), PermissionsBoundary=limit)
    ana = home.user("ana", allow("*"))
    home.cloud.beside.setdefault("user_boundaries", {})[ana] = limit
    key = home.iam.create_access_key(UserName="ana")["AccessKey"]
    for client in (home.as_role("bounded", "s3"), home.with_keys(key, "s3")):
        assert "because no permissions boundary allows the s3:ListAllMyBuckets action" in refusal(client.list_buckets)
    assert not refusal(home.with_keys(key, "ec2").describe_vpcs)
    home.cloud.beside["user_boundaries"].pop(ana)
    assert not refusal(home.with_keys(key, "s3").list_buckets)


def test_a_tls_only_policy_lets_the_endpoint_in(house):
    house.bucket("notes", a=b"1")
    house.role("reader", allow("s3:*"))
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    house.s3.put_bucket_policy(
        Bucket="notes", Policy=document(deny("s3:*", "arn:aws:s3:::notes/*", Principal="*", Condition=plain))
    )
    assert not refusal(house.as_role("reader", "s3").get_object, Bucket="notes", Key="a")
    far = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    house.s3.put_bucket_policy(
        Bucket="notes", Policy=document(deny("s3:*", "arn:aws:s3:::notes/*", Principal="*", Condition=far))
    )
    said = refusal(house.as_role("reader", "s3").get_object, Bucket="notes", Key="a")
    assert said.endswith("with an explicit deny in a resource-based policy")


def test_a_bucket_policy_alone_is_enough_within_the_account(home):
    home.bucket("notes", a=b"1")
    arn = home.role("reader")
    home.s3.put_bucket_policy(
        Bucket="notes", Policy=document(allow("s3:GetObject", "arn:aws:s3:::notes/*", Principal={"AWS": arn}))
    )
    assert not refusal(home.as_role("reader", "s3").get_object, Bucket="notes", Key="a")


# nobody in particular


def open_bucket(house, name="site"):
    house.bucket(name, index=b"hello")
    house.s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
        ),
    )
    house.s3.put_bucket_policy(
        Bucket=name, Policy=document(allow("s3:GetObject", f"arn:aws:s3:::{name}/*", Principal="*"))
    )


def test_anybody_may_read_what_is_public_and_nothing_else(house):
    house.bucket("notes", a=b"1")
    open_bucket(house)
    nobody = house.nobody()
    assert nobody.get_object(Bucket="site", Key="index")["Body"].read() == b"hello"
    assert refusal(nobody.get_object, Bucket="notes", Key="a") == "Access Denied"
    assert refusal(nobody.put_object, Bucket="site", Key="index", Body=b"mine")
    assert refusal(nobody.list_objects_v2, Bucket="site")
    assert refusal(nobody.list_buckets)
    assert refusal(nobody.delete_object, Bucket="site", Key="index")
    house.s3.put_public_access_block(Bucket="site", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert refusal(nobody.get_object, Bucket="site", Key="index")


def test_an_unsigned_address_is_anonymous_and_a_presigned_one_is_not(home):
    url = home.cloud.serve()
    home.bucket("notes", a=b"1")
    home.role("reader", allow("s3:GetObject", "arn:aws:s3:::notes/a"))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{url}/notes/a")
    house = House(home.cloud, url)
    reader = house.as_role("reader", "s3")
    given = reader.generate_presigned_url("get_object", Params={"Bucket": "notes", "Key": "a"})
    assert urllib.request.urlopen(given).read() == b"1"
    other = reader.generate_presigned_url("get_object", Params={"Bucket": "notes", "Key": "b"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(other)


def test_a_form_uploads_only_what_its_signer_may(home):
    import requests

    url = home.cloud.serve()
    home.bucket("notes")
    home.role("writer", allow("s3:PutObject", "arn:aws:s3:::notes/in/*"))
    writer = House(home.cloud, url).as_role("writer", "s3")

    def upload(form):
        return requests.post(form["url"], data=form["fields"], files={"file": b"1"}, timeout=5).status_code

    assert upload(writer.generate_presigned_post("notes", "in/a")) in (200, 204)
    assert upload(writer.generate_presigned_post("notes", "out/a")) == 403
    assert upload({"url": f"{url}/notes", "fields": {"key": "in/b"}}) == 403
    assert [each["Key"] for each in home.s3.list_objects_v2(Bucket="notes")["Contents"]] == ["in/a"]


def test_only_s3_hears_who_does_not_sign(house):
    house.user("ana")
    unsigned = Config(signature_version=UNSIGNED)
    for service, operation in (("iam", "list_users"), ("dynamodb", "list_tables"), ("ec2", "describe_vpcs")):
        client = boto3.client(service, region_name="us-east-1", endpoint_url=house.url, config=unsigned)
        with pytest.raises(ClientError, match="MissingAuthenticationToken"):
            getattr(client, operation)()


def test_block_public_policy_refuses_even_the_deployer(house):
    house.bucket("notes")
    public = document(allow("s3:GetObject", "arn:aws:s3:::notes/*", Principal="*"))
    with pytest.raises(ClientError, match="BlockPublicPolicy") as caught:
        house.s3.put_bucket_policy(Bucket="notes", Policy=public)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    house.s3.put_public_access_block(Bucket="notes", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    house.s3.put_bucket_policy(Bucket="notes", Policy=public)


# S3, action by action


def test_s3_operations_are_the_actions_aws_says_they_are(home):
    home.bucket("notes", a=b"1")
    home.bucket("copies")
    home.s3.put_bucket_versioning(Bucket="notes", VersioningConfiguration={"Status": "Enabled"})
    version = home.s3.put_object(Bucket="notes", Key="a", Body=b"2")["VersionId"]
    bucket, inside = "arn:aws:s3:::notes", "arn:aws:s3:::notes/*"
    cases: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
        (allow("s3:GetObject", inside), "head_object", {"Key": "a"}),
        (allow("s3:GetObjectVersion", inside), "get_object", {"Key": "a", "VersionId": version}),
        (allow("s3:ListBucket", bucket), "list_objects_v2", {}),
        (allow("s3:ListBucket", bucket), "list_objects", {}),
        (allow("s3:ListBucket", bucket), "head_bucket", {}),
        (allow("s3:ListBucketVersions", bucket), "list_object_versions", {}),
        (allow("s3:GetBucketVersioning", bucket), "get_bucket_versioning", {}),
        (allow("s3:GetEncryptionConfiguration", bucket), "get_bucket_encryption", {}),
        (allow("s3:GetBucketPublicAccessBlock", bucket), "get_public_access_block", {}),
        (allow("s3:GetBucketLocation", bucket), "get_bucket_location", {}),
        (allow("s3:PutObject", inside), "put_object", {"Key": "z/y x", "Body": b"1"}),
        (
            allow(["s3:PutObject", "s3:PutObjectTagging"], inside),
            "put_object",
            {"Key": "t", "Body": b"", "Tagging": "a=b"},
        ),
        (allow("s3:GetObjectTagging", inside), "get_object_tagging", {"Key": "a"}),
        (allow("s3:DeleteObject", inside), "delete_object", {"Key": "t"}),
        (allow("s3:DeleteObject", inside), "delete_objects", {"Delete": {"Objects": [{"Key": "z/y x"}]}}),
        (allow("s3:DeleteObjectVersion", inside), "delete_object", {"Key": "a", "VersionId": version}),
    ]
    home.role("r")
    s3 = home.as_role("r", "s3")
    for grant, operation, asked in cases:
        home.iam.put_role_policy(
            RoleName="r", PolicyName="p", PolicyDocument=document(allow("s3:GetObjectAcl", inside))
        )
        assert refusal(getattr(s3, operation), Bucket="notes", **asked), operation
        home.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(grant))
        assert not refusal(getattr(s3, operation), Bucket="notes", **asked), operation


def test_reading_a_version_takes_more_than_reading(home):
    home.bucket("notes", a=b"1")
    home.s3.put_bucket_versioning(Bucket="notes", VersioningConfiguration={"Status": "Enabled"})
    version = home.s3.put_object(Bucket="notes", Key="a", Body=b"2")["VersionId"]
    home.role("r", allow("s3:GetObject", "arn:aws:s3:::notes/*"))
    s3 = home.as_role("r", "s3")
    assert not refusal(s3.get_object, Bucket="notes", Key="a")
    assert refusal(s3.get_object, Bucket="notes", Key="a", VersionId=version)


def test_copying_takes_reading_there_and_writing_here(home):
    home.bucket("notes", a=b"1")
    home.bucket("copies")
    home.role("reader", allow("s3:GetObject", "arn:aws:s3:::notes/*"))
    home.role("writer", allow("s3:PutObject", "arn:aws:s3:::copies/*"))
    home.role("both", allow("s3:GetObject", "arn:aws:s3:::notes/*"), allow("s3:PutObject", "arn:aws:s3:::copies/*"))
    copy = {"Bucket": "copies", "Key": "b", "CopySource": {"Bucket": "notes", "Key": "a"}}
    assert "s3:PutObject" in refusal(home.as_role("reader", "s3").copy_object, **copy)
    assert "s3:GetObject" in refusal(home.as_role("writer", "s3").copy_object, **copy)
    assert not refusal(home.as_role("both", "s3").copy_object, **copy)


def test_deleting_many_is_judged_key_by_key(home):
    home.bucket("notes", a=b"1", b=b"2")
    home.role("r", allow("s3:DeleteObject", "arn:aws:s3:::notes/a"))
    s3 = home.as_role("r", "s3")
    both = {"Objects": [{"Key": "a"}, {"Key": "b"}]}
    assert refusal(s3.delete_objects, Bucket="notes", Delete=both)
    assert not refusal(s3.delete_objects, Bucket="notes", Delete={"Objects": [{"Key": "a"}]})


def test_who_may_not_list_is_not_told_what_is_missing(home):
    home.bucket("notes")
    home.role("reader", allow("s3:GetObject", "arn:aws:s3:::notes/*"))
    home.role("lister", allow("s3:GetObject", "arn:aws:s3:::notes/*"), allow("s3:ListBucket", "arn:aws:s3:::notes"))
    assert "s3:ListBucket" in refusal(home.as_role("reader", "s3").get_object, Bucket="notes", Key="none")
    with pytest.raises(ClientError, match="NoSuchKey"):
        home.as_role("lister", "s3").get_object(Bucket="notes", Key="none")


def test_a_prefix_is_a_condition(home):
    home.bucket("notes")
    home.user("ana", allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": ["home/${aws:username}/*"]}}))
    s3 = home.as_user("ana", "s3")
    assert not refusal(s3.list_objects_v2, Bucket="notes", Prefix="home/ana/x")
    assert refusal(s3.list_objects_v2, Bucket="notes", Prefix="home/bob/x")
    assert refusal(s3.list_objects_v2, Bucket="notes")


def test_an_upload_without_the_demanded_encryption_is_refused(home):
    home.bucket("notes")
    home.role("writer", allow("s3:PutObject"))
    unencrypted = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    home.s3.put_bucket_policy(
        Bucket="notes",
        Policy=document(deny("s3:PutObject", "arn:aws:s3:::notes/*", Principal="*", Condition=unencrypted)),
    )
    s3 = home.as_role("writer", "s3")
    assert refusal(s3.put_object, Bucket="notes", Key="a", Body=b"")
    assert not refusal(s3.put_object, Bucket="notes", Key="a", Body=b"", ServerSideEncryption="aws:kms")


def test_an_object_under_a_customers_key_takes_the_key_too(home):
    kms = home.cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    home.bucket("notes")
    home.s3.put_object(Bucket="notes", Key="a", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=key["KeyId"])
    home.role("reader", allow("s3:GetObject"))
    home.role("holder", allow("s3:GetObject"), allow("kms:Decrypt", key["Arn"]))
    assert "kms:Decrypt" in refusal(home.as_role("reader", "s3").get_object, Bucket="notes", Key="a")
    assert not refusal(home.as_role("holder", "s3").get_object, Bucket="notes", Key="a")


# roles and sessions


def test_what_is_encrypted_with_a_customers_key_takes_the_key_too(home):
    key = home.cloud.client("kms").create_key()["KeyMetadata"]
    sqs, sns, secrets, ssm = (home.cloud.client(each) for each in ("sqs", "sns", "secretsmanager", "ssm"))
    queue = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key["KeyId"]})["QueueUrl"]
    plain = sqs.create_queue(QueueName="p", Attributes={"KmsMasterKeyId": "alias/aws/sqs"})["QueueUrl"]
    topic = sns.create_topic(Name="t", Attributes={"KmsMasterKeyId": key["Arn"]})["TopicArn"]
    secret = secrets.create_secret(Name="s", SecretString="x", KmsKeyId=key["KeyId"])["ARN"]
    ssm.put_parameter(Name="/n", Value="x", Type="SecureString", KeyId=key["KeyId"])
    everything = allow(["sqs:*", "sns:*", "secretsmanager:*", "ssm:*"])
    home.role("stranger", everything)
    home.role("reader", everything, allow("kms:Decrypt", key["Arn"]))
    home.role("writer", everything, allow(["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt"], key["Arn"]))
    calls = [
        ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "x"}, "GenerateDataKey"),
        ("sqs", "receive_message", {"QueueUrl": queue}, "Decrypt"),
        ("sns", "publish", {"TopicArn": topic, "Message": "x"}, "GenerateDataKey"),
        ("secretsmanager", "put_secret_value", {"SecretId": "s", "SecretString": "y"}, "GenerateDataKey"),
        ("secretsmanager", "get_secret_value", {"SecretId": secret}, "Decrypt"),
        ("ssm", "get_parameter", {"Name": "/n", "WithDecryption": True}, "Decrypt"),
        (
            "ssm",
            "put_parameter",
            {"Name": "/m", "Value": "x", "Type": "SecureString", "KeyId": key["KeyId"]},
            "Encrypt",
        ),
    ]
    for service, operation, told, action in calls:
        said = refusal(getattr(home.as_role("stranger", service), operation), **told)
        assert f"kms:{action} on resource: {key['Arn']}" in said, operation
        assert bool(refusal(getattr(home.as_role("reader", service), operation), **told)) == (action != "Decrypt")
        assert not refusal(getattr(home.as_role("writer", service), operation), **told), operation
    assert not refusal(home.as_role("stranger", "sqs").send_message, QueueUrl=plain, MessageBody="x")
    assert not refusal(home.as_role("stranger", "ssm").get_parameter, Name="/n")
    with pytest.raises(ClientError, match=r"KMS\.AccessDeniedException"):
        home.as_role("stranger", "sqs").send_message(QueueUrl=queue, MessageBody="x")


@pytest.mark.parametrize("own", [True, False])
def test_the_items_of_a_table_take_its_key_where_it_is_a_customers(home, own):
    key = home.cloud.client("kms").create_key()["KeyMetadata"]
    home.cloud.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS"} | ({"KMSMasterKeyId": key["KeyId"]} if own else {}),
    )
    home.role("stranger", allow("dynamodb:*"))
    home.role("reader", allow("dynamodb:*"), allow("kms:Decrypt", key["Arn"]))
    calls: list[tuple[str, dict[str, Any]]] = [
        ("put_item", {"TableName": "t", "Item": {"id": {"S": "a"}}}),
        ("get_item", {"TableName": "t", "Key": {"id": {"S": "a"}}}),
        ("scan", {"TableName": "t"}),
        ("batch_get_item", {"RequestItems": {"t": {"Keys": [{"id": {"S": "a"}}]}}}),
    ]
    for operation, told in calls:
        said = refusal(getattr(home.as_role("stranger", "dynamodb"), operation), **told)
        assert (f"kms:Decrypt on resource: {key['Arn']}" in said) if own else not said, operation
        assert not refusal(getattr(home.as_role("reader", "dynamodb"), operation), **told), operation
    assert not refusal(home.as_role("stranger", "dynamodb").describe_table, TableName="t")


def test_assuming_a_role_is_its_trust_policys_business(house):
    ana, eve = house.user("ana"), house.user("eve", allow("sts:AssumeRole"))
    house.role("target", trusts={"AWS": ana})
    house.role("delegated", trusts={"AWS": ACCOUNT})
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/target", "RoleSessionName": "monday"}
    assert not refusal(house.as_user("ana", "sts").assume_role, **asked)
    said = refusal(house.as_user("eve", "sts").assume_role, **asked)
    assert said == f"User: {eve} is not authorized to perform: sts:AssumeRole on resource: {asked['RoleArn']}"
    asked["RoleArn"] = f"arn:aws:iam::{ACCOUNT}:role/delegated"
    assert not refusal(house.as_user("eve", "sts").assume_role, **asked)
    assert refusal(house.as_user("ana", "sts").assume_role, **asked)


def test_a_role_that_does_not_exist_can_be_assumed_by_nobody(home):
    home.user("ana", allow("sts:*"))
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nosuch", "RoleSessionName": "monday"}
    assert refusal(home.as_user("ana", "sts").assume_role, **asked)
    assert refusal(home.sts.assume_role, **asked)


def test_an_external_id_must_be_the_one_the_role_asks_for(home):
    home.iam.create_role(
        RoleName="audit",
        AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}, Condition={"StringEquals": {"sts:ExternalId": "xyz"}}),
    )
    home.user("ana", allow("sts:AssumeRole"))
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/audit", "RoleSessionName": "monday"}
    sts = home.as_user("ana", "sts")
    assert refusal(sts.assume_role, **asked)
    assert refusal(sts.assume_role, **asked, ExternalId="abc")
    assert not refusal(sts.assume_role, **asked, ExternalId="xyz")


def test_mfa_in_all_its_ways(home):
    """Deny with BoolIfExists stops long-term keys, Deny with Bool does not."""
    strict = deny("s3:*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    loose = deny("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    home.user("strict", allow("*"), strict)
    home.user("loose", allow("*"), loose)
    assert refusal(home.as_user("strict", "s3").list_buckets)
    assert not refusal(home.as_user("loose", "s3").list_buckets)
    for name in ("strict", "loose"):
        sts = home.as_user(name, "sts")
        without = sts.get_session_token()["Credentials"]
        assert refusal(home.with_keys(without, "s3").list_buckets), name
        with_mfa = sts.get_session_token(SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/{name}", TokenCode="123456")
        assert not refusal(home.with_keys(with_mfa["Credentials"], "s3").list_buckets), name


def test_a_session_policy_narrows_the_session(home):
    home.bucket("notes", a=b"1")
    home.role("reader", allow("s3:*"))
    narrow = home.as_role("reader", "s3", Policy=document(allow("s3:GetObject")))
    assert not refusal(narrow.get_object, Bucket="notes", Key="a")
    assert "because no session policy allows" in refusal(narrow.list_buckets)
    by_arn = home.iam.create_policy(PolicyName="onlyec2", PolicyDocument=document(allow("ec2:*")))["Policy"]["Arn"]
    assert refusal(home.as_role("reader", "s3", PolicyArns=[{"arn": by_arn}]).list_buckets)


def test_tags_of_principals_and_sessions(home):
    home.bucket("notes")
    home.iam.create_role(
        RoleName="team", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}), Tags=[{"Key": "team", "Value": "red"}]
    )
    home.iam.put_role_policy(
        RoleName="team",
        PolicyName="p",
        PolicyDocument=document(allow("s3:PutObject", "arn:aws:s3:::notes/${aws:PrincipalTag/team}/*")),
    )
    red = home.as_role("team", "s3")
    assert not refusal(red.put_object, Bucket="notes", Key="red/x", Body=b"")
    assert refusal(red.put_object, Bucket="notes", Key="blue/x", Body=b"")
    blue = home.as_role("team", "s3", Tags=[{"Key": "team", "Value": "blue"}])
    assert not refusal(blue.put_object, Bucket="notes", Key="blue/x", Body=b"")


def test_no_way_round_by_a_deleted_key_or_role(home):
    home.user("ana", allow("*"))
    key = home.iam.create_access_key(UserName="ana")["AccessKey"]
    s3 = home.with_keys(key, "s3")
    assert not refusal(s3.list_buckets)
    home.iam.delete_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        s3.list_buckets()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        home.with_keys(key, "sts").get_caller_identity()
    home.role("brief", allow("*"))
    session = home.as_role("brief", "s3")
    assert not refusal(session.list_buckets)
    home.iam.delete_role_policy(RoleName="brief", PolicyName="mine")
    home.iam.delete_role(RoleName="brief")
    assert refusal(session.list_buckets)


def test_a_user_cannot_shed_limits_by_a_session_of_their_own(home):
    home.user("ana", allow("s3:ListAllMyBuckets"))
    sts = home.as_user("ana", "sts")
    borrowed = home.with_keys(sts.get_session_token()["Credentials"], "ec2")
    assert refusal(borrowed.describe_vpcs)
    assert refusal(sts.get_federation_token, Name="guest")
    # nor when the deployer asks for one too
    home.sts.get_session_token()
    assert refusal(borrowed.describe_vpcs)


def test_a_federated_user_has_what_both_the_user_and_the_session_policy_allow(home):
    home.user("ana", allow("s3:*"), allow("sts:GetFederationToken"))
    sts = home.as_user("ana", "sts")
    bare = sts.get_federation_token(Name="guest")["Credentials"]
    given = sts.get_federation_token(Name="guest", Policy=document(allow("s3:ListAllMyBuckets"), allow("ec2:*")))
    assert refusal(home.with_keys(bare, "s3").list_buckets)
    assert not refusal(home.with_keys(given["Credentials"], "s3").list_buckets)
    assert refusal(home.with_keys(given["Credentials"], "ec2").describe_vpcs)


# other services


def test_resources_are_told_apart_by_name(home):
    at = f"us-east-1:{ACCOUNT}"
    table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    dynamodb, sqs, sns = home.cloud.client("dynamodb"), home.cloud.client("sqs"), home.cloud.client("sns")
    for name in ("mine", "yours"):
        dynamodb.create_table(TableName=name, **table)
        sqs.create_queue(QueueName=name)
        sns.create_topic(Name=name)
        home.cloud.client("ssm").put_parameter(Name=f"/app/{name}", Value="1", Type="String")
        home.cloud.client("secretsmanager").create_secret(Name=name, SecretString="x")
        home.cloud.client("logs").create_log_group(logGroupName=name)
    home.role(
        "app",
        allow(["dynamodb:GetItem", "dynamodb:BatchGetItem"], f"arn:aws:dynamodb:{at}:table/mine"),
        allow("sqs:SendMessage", f"arn:aws:sqs:{at}:mine"),
        allow("sns:Publish", f"arn:aws:sns:{at}:mine"),
        allow("ssm:GetParameter", f"arn:aws:ssm:{at}:parameter/app/mine"),
        allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{at}:secret:mine-??????"),
        allow("logs:CreateLogStream", f"arn:aws:logs:{at}:log-group:mine:*"),
    )
    key = {"id": {"S": "1"}}

    def asks(name):
        url = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}"
        yield "dynamodb", "get_item", {"TableName": name, "Key": key}
        yield "dynamodb", "batch_get_item", {"RequestItems": {name: {"Keys": [key]}}}
        yield "sqs", "send_message", {"QueueUrl": url, "MessageBody": "x"}
        yield "sqs", "send_message_batch", {"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "x"}]}
        yield "sns", "publish", {"TopicArn": f"arn:aws:sns:{at}:{name}", "Message": "x"}
        yield "ssm", "get_parameter", {"Name": f"/app/{name}"}
        yield "secretsmanager", "get_secret_value", {"SecretId": name}
        yield "logs", "create_log_stream", {"logGroupName": name, "logStreamName": "s"}

    for service, operation, asked in asks("mine"):
        assert not refusal(getattr(home.as_role("app", service), operation), **asked), operation
    for service, operation, asked in asks("yours"):
        assert refusal(getattr(home.as_role("app", service), operation), **asked), operation


def test_keys_are_judged_by_their_policies(home):
    kms = home.cloud.client("kms")
    admin = home.role("admin")
    only_admin = document(allow("kms:*", Principal={"AWS": admin}))
    key = kms.create_key(Policy=only_admin)["KeyMetadata"]
    default = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=default["KeyId"])
    home.role("app", allow("kms:*"))
    mine = home.as_role("app", "kms")
    assert refusal(mine.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert not refusal(home.as_role("admin", "kms").encrypt, KeyId=key["Arn"], Plaintext=b"x")
    sealed = mine.encrypt(KeyId="alias/mine", Plaintext=b"x")["CiphertextBlob"]
    assert mine.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert refusal(home.as_role("admin", "kms").decrypt, CiphertextBlob=sealed)


def test_passing_a_role_takes_pass_role(home):
    worker = home.role("worker")
    home.role("dev", allow("lambda:*"))
    home.role("trusted", allow("lambda:*"), allow("iam:PassRole", worker))
    function = {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Role": worker,
        "Handler": "index.handler",
        "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)},
    }
    said = refusal(home.as_role("dev", "lambda").create_function, **function)
    assert "iam:PassRole" in said
    assert worker in said
    assert not refusal(home.as_role("trusted", "lambda").create_function, **function)


def test_delegation_with_a_boundary(home):
    """Who may only create roles under a boundary cannot create one without."""
    limit = home.iam.create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    home.role("delegate", allow("iam:CreateRole", Condition={"StringEquals": {"iam:PermissionsBoundary": limit}}))
    iam = home.as_role("delegate", "iam")
    role = {"RoleName": "new", "AssumeRolePolicyDocument": trust({"Service": "ec2.amazonaws.com"})}
    assert refusal(iam.create_role, **role)
    assert not refusal(iam.create_role, **role, PermissionsBoundary=limit)


def test_a_user_manages_their_own_keys_only(home):
    home.user("ana", allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}"))
    home.user("bob")
    iam = home.as_user("ana", "iam")
    assert not refusal(iam.list_access_keys)
    assert not refusal(iam.create_access_key, UserName="ana")
    assert refusal(iam.create_access_key, UserName="bob")


def test_what_cannot_be_computed_is_let_through_and_noted(home):
    home.role("dev", allow("ec2:*", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}}))
    home.as_role("dev", "ec2").describe_vpcs()
    assert any("aws:ResourceTag/team" in keys for _, _, keys in home.cloud.authorizer.undecided)


def test_regions_can_be_closed(home):
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}}
    home.role("dev", allow("*"), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": elsewhere})
    keys = home.sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/dev", RoleSessionName="tuesday")["Credentials"]

    def in_region(region):
        return boto3.client(
            "sqs",
            region_name=region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    assert not refusal(in_region("us-east-1").list_queues)
    assert refusal(in_region("eu-west-1").list_queues)


def test_a_service_delivers_only_where_it_is_let_in(home):
    sqs = home.cloud.client("sqs")
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:news"
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    judge: Authorizer = home.cloud.authorizer
    assert not judge.may_deliver("sns.amazonaws.com", "sqs:SendMessage", queue, source=topic)
    grant = allow(
        "sqs:SendMessage",
        queue,
        Principal={"Service": "sns.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": topic}},
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(grant)})
    assert judge.may_deliver("sns.amazonaws.com", "sqs:SendMessage", queue, source=topic)
    assert not judge.may_deliver("sns.amazonaws.com", "sqs:SendMessage", queue, source=f"{topic}-of-eve")
    assert not judge.may_deliver("s3.amazonaws.com", "sqs:SendMessage", queue, source=topic)


# CDK's own roles, as `cdk bootstrap` makes them (aws-cdk 2.1148.1, bootstrap-template.yaml)


DEPLOYING = [
    *("CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "CreateStack", "UpdateStack"),
    *("DescribeStacks", "DescribeStackEvents", "GetTemplate", "DeleteStack", "UpdateTerminationProtection"),
]


def bootstrap(home):
    bucket = home.bucket(f"cdk-preflight-assets-{ACCOUNT}-us-east-1")
    arn = f"arn:aws:s3:::{bucket}"
    trusts = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    execution = home.role("cdk-exec", allow("*"), trusts={"Service": "cloudformation.amazonaws.com"})
    home.role(
        "cdk-file-publishing",
        allow(["s3:GetObject*", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:List*"], [arn, f"{arn}/*"]),
        allow(["s3:DeleteObject*", "s3:PutObject*", "s3:Abort*"], [arn, f"{arn}/*"]),
        trusts=trusts,
    )
    home.role(
        "cdk-deploy",
        allow([f"cloudformation:{each}" for each in DEPLOYING]),
        allow("iam:PassRole", execution),
        allow("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/cdk-bootstrap/preflight/version"),
        trusts=trusts,
    )
    return bucket, execution


def test_cdks_roles_publish_and_deploy(house):
    bucket, execution = bootstrap(house)
    publisher = house.as_role("cdk-file-publishing", "s3")
    assert not refusal(publisher.get_bucket_location, Bucket=bucket)
    assert not refusal(publisher.get_bucket_encryption, Bucket=bucket)
    assert not refusal(publisher.list_objects_v2, Bucket=bucket, Prefix="a", MaxKeys=1)
    assert not refusal(publisher.put_object, Bucket=bucket, Key="a.json", Body=b"{}")
    assert refusal(house.as_role("cdk-file-publishing", "sqs").list_queues)
    template = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    deployer = house.as_role("cdk-deploy", "cloudformation")
    change = {"StackName": "Lab1", "ChangeSetName": "first", "ChangeSetType": "CREATE", "TemplateBody": template}
    other = house.role("other", trusts={"Service": "cloudformation.amazonaws.com"})
    assert "iam:PassRole" in refusal(deployer.create_change_set, **change, RoleARN=other)
    assert not refusal(deployer.create_change_set, **change, RoleARN=execution)
    assert not refusal(deployer.describe_change_set, StackName="Lab1", ChangeSetName="first")
    assert not refusal(deployer.execute_change_set, StackName="Lab1", ChangeSetName="first")
    assert not refusal(deployer.describe_stacks, StackName="Lab1")
    assert refusal(house.as_role("cdk-deploy", "s3").put_object, Bucket=bucket, Key="x", Body=b"")


def test_the_deployers_calls_cost_next_to_nothing(home):
    from moto.core.request import Request

    judge = home.cloud.authorizer
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAPREFLIGHTOFFLINE/20261122/us-east-1/s3/aws4_request, x"
    }
    request = Request.from_primitives("GET", "https://s3.amazonaws.com/notes/a", headers)
    started = time.perf_counter()
    for _ in range(1000):
        judge.judge(request)
    # some 5 µs a call; the limit is what would be felt
    assert (time.perf_counter() - started) / 1000 < 0.001
