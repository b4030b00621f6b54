"""CDK's custom resources do what their functions do on AWS."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from preflight.cloudformation.providers import ReplacementNeeded, Said

TOKEN = "arn:aws:lambda:us-east-1:123456789012:function:provider"


@pytest.fixture
def bucket(bench):
    return bench.make(
        "AWS::S3::Bucket",
        "Notes",
        VersioningConfiguration={"Status": "Enabled"},
        Tags=[{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}],
    )


def fill(bench, bucket: str) -> None:
    s3 = bench.client("s3")
    for number in range(3):
        s3.put_object(Bucket=bucket, Key=f"note-{number}", Body=b"first")
        s3.put_object(Bucket=bucket, Key=f"note-{number}", Body=b"second")
    s3.delete_object(Bucket=bucket, Key="note-0")


def test_a_tagged_bucket_is_emptied_before_it_goes(bench, bucket):
    emptier = bench.make("Custom::S3AutoDeleteObjects", "Empty", ServiceToken=TOKEN, BucketName=bucket.ref)
    assert emptier.unapplied == ()
    fill(bench, bucket.ref)
    bench.delete(emptier)
    bench.delete(bucket)
    bench.delete(emptier)
    assert bench.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_without_the_tag_keeps_its_objects(bench, bucket):
    emptier = bench.make("Custom::S3AutoDeleteObjects", "Empty", ServiceToken=TOKEN, BucketName=bucket.ref)
    bench.client("s3").put_bucket_tagging(Bucket=bucket.ref, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    fill(bench, bucket.ref)
    bench.delete(emptier)
    assert len(bench.client("s3").list_object_versions(Bucket=bucket.ref)["Versions"]) == 6
    with pytest.raises(ReplacementNeeded):
        bench.change(emptier, ServiceToken=TOKEN, BucketName="another")


def test_the_default_security_group_is_closed_and_opened_again(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    group = vpc["DefaultSecurityGroup"]

    def rules() -> tuple[int, int]:
        facts = bench.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        return len(facts["IpPermissions"]), len(facts["IpPermissionsEgress"])

    assert rules() == (1, 1)
    closed = bench.make(
        "Custom::VpcRestrictDefaultSG",
        "Close",
        ServiceToken=TOKEN,
        DefaultSecurityGroupId=group,
        Account="123456789012",
    )
    assert closed.unapplied == ()
    assert rules() == (0, 0)
    bench.delete(closed)
    assert rules() == (1, 1)
    bench.delete(closed)
    bench.delete(vpc)
    bench.delete(closed)


def test_a_log_groups_retention_is_set(bench):
    logs = bench.client("logs")
    declared = {"ServiceToken": TOKEN, "LogGroupName": "/aws/lambda/f"}
    made = bench.make("Custom::LogRetention", "Keep", **declared, RetentionInDays=7)
    assert (made["LogGroupName"], made.unapplied) == ("/aws/lambda/f", ())
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    changed = bench.change(made, **declared, RemovalPolicy="destroy")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    bench.delete(changed)
    assert logs.describe_log_groups()["logGroups"] == []


def test_notifications_are_put_afterwards(bench, bucket):
    s3 = bench.client("s3")
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}
    declared = {"ServiceToken": TOKEN, "BucketName": bucket.ref, "Managed": True, "SkipDestinationValidation": True}
    made = bench.make(
        "Custom::S3BucketNotifications",
        "Tell",
        **declared,
        NotificationConfiguration={"QueueConfigurations": [queue], "EventBridgeConfiguration": {}},
    )
    assert (made.ref, made.unapplied) == ("Tell", ())
    assert len(s3.get_bucket_notification_configuration(Bucket=bucket.ref)["QueueConfigurations"]) == 1
    bench.delete(made)
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket.ref)


def test_cdks_metadata_makes_nothing(bench):
    made = bench.make("AWS::CDK::Metadata", "Cdk", Analytics="v2:deflate64:H4s")
    assert made.unapplied == ()
    bench.delete(bench.change(made, Analytics="another"))


def test_notifications_of_a_bucket_of_others_stay_beside_theirs(bench, bucket):
    s3 = bench.client("s3")

    def queues() -> set[str]:
        told = s3.get_bucket_notification_configuration(Bucket=bucket.ref)
        return {each["QueueArn"][-1] for each in told.get("QueueConfigurations", [])}

    def to(name: str) -> dict[str, object]:
        queue = {"QueueArn": f"arn:aws:sqs:us-east-1:123456789012:{name}", "Events": ["s3:ObjectCreated:*"]}
        return {"QueueConfigurations": [queue]}

    s3.put_bucket_notification_configuration(
        Bucket=bucket.ref, NotificationConfiguration=to("a"), SkipDestinationValidation=True
    )
    declared = {"ServiceToken": TOKEN, "BucketName": bucket.ref, "Managed": False, "SkipDestinationValidation": True}
    made = bench.make("Custom::S3BucketNotifications", "Tell", **declared, NotificationConfiguration=to("b"))
    assert queues() == {"a", "b"}
    changed = bench.change(made, **declared, NotificationConfiguration=to("c"))
    assert queues() == {"a", "c"}
    bench.delete(changed)
    assert queues() == {"a"}


def test_a_tagged_repository_is_emptied_before_it_goes(bench):
    ecr = bench.client("ecr")
    made = bench.make("AWS::ECR::Repository", "Images", Tags=[{"Key": "aws-cdk:auto-delete-images", "Value": "true"}])
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "m", "config": {"digest": "sha256:1"}, "layers": []})
    ecr.put_image(repositoryName=made.ref, imageManifest=manifest, imageTag="v1")
    emptier = bench.make("Custom::ECRAutoDeleteImages", "Empty", ServiceToken=TOKEN, RepositoryName=made.ref)
    bench.delete(emptier)
    assert ecr.list_images(repositoryName=made.ref)["imageIds"] == []
    bench.delete(made)
    bench.delete(emptier)


def test_references_across_regions_go_through_parameter_store(bench):
    here = bench.client("ssm", "eu-west-1")

    def told(**exports: str) -> dict[str, object]:
        return {"ServiceToken": TOKEN, "WriterProps": {"region": "eu-west-1", "prefix": "Lab1", "exports": exports}}

    made = bench.make("Custom::CrossRegionExportWriter", "Write", **told(**{"/cdk/a": "1", "/cdk/b": "2"}))
    imports = {"region": "eu-west-1", "prefix": "Lab2", "imports": {"/cdk/a": "1"}}
    read = bench.make("Custom::CrossRegionExportReader", "Read", ServiceToken=TOKEN, ReaderProps=imports)
    assert read["/cdk/a"] == "1"
    tags = here.list_tags_for_resource(ResourceType="Parameter", ResourceId="/cdk/a")["TagList"]
    assert tags == [{"Key": "aws-cdk:strong-ref:Lab2", "Value": "true"}]
    changed = bench.change(made, **told(**{"/cdk/a": "9", "/cdk/c": "3"}))
    values = {each["Name"]: each["Value"] for each in here.describe_parameters()["Parameters"] if "Value" in each}
    names = [each["Name"] for each in here.describe_parameters()["Parameters"]]
    assert (sorted(names), values) == (["/cdk/a", "/cdk/c"], {})
    assert here.get_parameter(Name="/cdk/a")["Parameter"]["Value"] == "1", "what is read elsewhere does not change"
    bench.delete(read)
    bench.delete(changed)
    bench.delete(read)
    assert here.describe_parameters()["Parameters"] == []
    missing = {**imports, "imports": {"/cdk/none": "1"}}
    with pytest.raises(Said, match="Message returned: InvalidResourceId"):
        bench.make("Custom::CrossRegionExportReader", "Read", ServiceToken=TOKEN, ReaderProps=missing)


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "/").replace("_", "."), text)
    return packed.getvalue()


def test_a_deployment_fills_a_bucket(bench):
    s3 = bench.client("s3")
    for name in ("source", "site"):
        s3.create_bucket(Bucket=name)
    s3.put_object(Bucket="source", Key="1.zip", Body=archive(index_html="<b>MARK</b>", css__a_css="a", notes_txt="n"))
    s3.put_object(Bucket="site", Key="www/old.html", Body=b"stale")
    s3.put_object(Bucket="site", Key="other/kept.html", Body=b"kept")
    declared = {
        "ServiceToken": TOKEN,
        "SourceBucketNames": ["source"],
        "SourceObjectKeys": ["1.zip"],
        "SourceMarkers": [{"MARK": "url"}],
        "DestinationBucketName": "site",
        "DestinationBucketKeyPrefix": "www",
        "Exclude": ["*.txt"],
        "SystemMetadata": {"cache-control": "max-age=60"},
        "UserMetadata": {"Team": "triage"},
        "RetainOnDelete": False,
        "Prune": True,
    }

    def held() -> list[str]:
        return [each["Key"] for each in s3.list_objects_v2(Bucket="site").get("Contents", [])]

    made = bench.make("Custom::CDKBucketDeployment", "Deploy", **declared, DestinationBucketArn="arn:aws:s3:::site")
    assert made.unapplied == ()
    assert (made["DestinationBucketArn"], made["SourceObjectKeys"]) == ("arn:aws:s3:::site", ["1.zip"])
    assert held() == ["other/kept.html", "www/css/a.css", "www/index.html"]
    page = s3.get_object(Bucket="site", Key="www/index.html")
    assert page["Body"].read() == b"<b>url</b>"
    assert (page["ContentType"], page["CacheControl"], page["Metadata"]) == (
        "text/html",
        "max-age=60",
        {"team": "triage"},
    )

    kept = bench.change(
        made, **{**declared, "RetainOnDelete": True, "Prune": False, "DestinationBucketKeyPrefix": "v2"}
    )
    assert held() == ["other/kept.html", "v2/css/a.css", "v2/index.html", "www/css/a.css", "www/index.html"]
    assert kept.ref == made.ref
    bench.delete(kept)
    assert "v2/index.html" in held()
    bench.delete(made)
    assert held() == ["other/kept.html", "v2/css/a.css", "v2/index.html"]
    with pytest.raises(Said, match="The specified key does not exist"):
        bench.make("Custom::CDKBucketDeployment", "Deploy", **{**declared, "SourceObjectKeys": ["2.zip"]})


def test_a_replica_is_recorded_where_the_table_keeps_none(bench, monkeypatch):
    table = bench.client("dynamodb")
    table.create_table(
        TableName="books",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    declared = {"ServiceToken": TOKEN, "TableName": "books", "Region": "eu-west-1"}
    made = bench.make("Custom::DynamoDBReplica", "Copy", **declared)
    kept = table.describe_table(TableName="books")["Table"].get("Replicas", [])
    assert made.made.recorded == (kept == [])
    bench.delete(made)
    with pytest.raises(Said, match="ResourceNotFoundException"):
        bench.make("Custom::DynamoDBReplica", "Copy", **{**declared, "TableName": "none"})


def test_an_openid_connect_provider(bench):
    iam = bench.client("iam")
    declared = {"ServiceToken": TOKEN, "Url": "https://token.actions.githubusercontent.com"}
    made = bench.make(
        "Custom::AWSCDKOpenIdConnectProvider", "Hub", **declared, ClientIDList=["a"], ThumbprintList=["b" * 40]
    )
    assert made.ref.endswith("oidc-provider/token.actions.githubusercontent.com")
    bench.change(made, **declared, ClientIDList=["c"], ThumbprintList=["b" * 40])
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made.ref)["ClientIDList"] == ["c"]
    bench.delete(made)
    bench.delete(made)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_zone_is_delegated_and_no_more(bench):
    zones = bench.client("route53")
    parent = zones.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    declared = {
        "ServiceToken": TOKEN,
        "AssumeRoleArn": "arn:aws:iam::123456789012:role/delegate",
        "ParentZoneName": "example.com",
        "DelegatedZoneName": "sub.example.com",
        "DelegatedZoneNameServers": ["ns-1.example.org"],
        "TTL": 172800,
    }

    def names() -> set[str]:
        found = zones.list_resource_record_sets(HostedZoneId=parent)["ResourceRecordSets"]
        return {each["Name"] for each in found}

    made = bench.make("Custom::CrossAccountZoneDelegation", "Delegate", **declared)
    assert "sub.example.com." in names()
    changed = bench.change(made, **{**declared, "DelegatedZoneName": "other.example.com"})
    assert "other.example.com." in names() and "sub.example.com." not in names()
    bench.delete(changed)
    assert "other.example.com." not in names()
    elsewhere = {**declared, "AssumeRoleArn": "arn:aws:iam::210987654321:role/delegate"}
    assert bench.make("Custom::CrossAccountZoneDelegation", "Delegate", **elsewhere).made.recorded
