"""Services that no lab needs yet, as far as the emulated ones hold them: made, read back, changed, gone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "triage"}]


@pytest.fixture
def network(bench):
    vpc = bench.make("AWS::EC2::VPC", "Vpc", CidrBlock="10.0.0.0/16")
    subnets = [
        bench.make(
            "AWS::EC2::Subnet", f"S{i}", VpcId=vpc.ref, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"us-east-1{zone}"
        ).ref
        for i, zone in enumerate("ab")
    ]
    group = bench.make("AWS::EC2::SecurityGroup", "Sg", GroupDescription="it", VpcId=vpc.ref)
    return subnets, group["GroupId"]


@pytest.fixture
def role(bench):
    return bench.client("iam").create_role(RoleName="it", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def goes(bench, thing: Any, change: dict[str, Any] | None = None, lost: frozenset[str] = frozenset()) -> None:
    """Read back, changed in place where there is a change, read back again, and deleted twice."""
    assert (thing.unapplied, bench.lost(thing) - lost) == ((), set())
    if change:
        thing = bench.change(thing, **{**thing.properties, **change})
        assert bench.lost(thing) - lost == set()
    bench.delete(thing)
    bench.delete(thing)


def test_eks(bench, network, role):
    subnets, group = network
    cluster = bench.make(
        "AWS::EKS::Cluster",
        "Cluster",
        Name="labs",
        Version="1.33",
        RoleArn=role,
        ResourcesVpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [group], "EndpointPublicAccess": True},
        KubernetesNetworkConfig={"ServiceIpv4Cidr": "172.20.0.0/16"},
        Logging={"ClusterLogging": {"EnabledTypes": [{"Type": "api"}]}},
        Tags=TAGS,
    )
    assert cluster.ref == "labs"
    assert cluster["Arn"] == "arn:aws:eks:us-east-1:123456789012:cluster/labs"
    nodes = bench.make(
        "AWS::EKS::Nodegroup",
        "Nodes",
        ClusterName="labs",
        NodegroupName="nodes",
        NodeRole=role,
        Subnets=subnets,
        InstanceTypes=["t3.medium"],
        CapacityType="SPOT",
        ScalingConfig={"MinSize": 1, "MaxSize": 3, "DesiredSize": 2},
        Labels={"team": "triage"},
        Tags={"team": "triage"},
    )
    assert nodes.ref == "labs/nodes"
    profile = bench.make(
        "AWS::EKS::FargateProfile",
        "Profile",
        ClusterName="labs",
        FargateProfileName="few",
        PodExecutionRoleArn=role,
        Selectors=[{"Namespace": "default", "Labels": [{"Key": "tier", "Value": "few-pods"}]}],
        Subnets=subnets,
        Tags=TAGS,
    )
    goes(bench, profile)
    goes(bench, nodes, {"ScalingConfig": {"MinSize": 1, "MaxSize": 4, "DesiredSize": 2}})
    goes(bench, cluster)


def test_opensearch(bench):
    domain = bench.make(
        "AWS::OpenSearchService::Domain",
        "Domain",
        DomainName="notes",
        EngineVersion="OpenSearch_2.19",
        ClusterConfig={"InstanceType": "t3.small.search", "InstanceCount": 2, "ZoneAwarenessEnabled": True},
        EBSOptions={"EBSEnabled": True, "VolumeSize": 10, "VolumeType": "gp3"},
        EncryptionAtRestOptions={"Enabled": True},
        NodeToNodeEncryptionOptions={"Enabled": True},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
        Tags=TAGS,
    )
    assert domain["Arn"] == "arn:aws:es:us-east-1:123456789012:domain/notes"
    goes(bench, domain, {"EBSOptions": {"EBSEnabled": True, "VolumeSize": 20, "VolumeType": "gp3"}})


def test_msk(bench, network):
    subnets, group = network
    cluster = bench.make(
        "AWS::MSK::Cluster",
        "Cluster",
        ClusterName="notes",
        KafkaVersion="3.8.x",
        NumberOfBrokerNodes=2,
        EnhancedMonitoring="DEFAULT",
        BrokerNodeGroupInfo={
            "InstanceType": "kafka.t3.small",
            "ClientSubnets": subnets,
            "SecurityGroups": [group],
            "StorageInfo": {"EBSStorageInfo": {"VolumeSize": 10}},
        },
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
        Tags={"team": "triage"},
    )
    goes(bench, cluster)
    serverless = bench.make(
        "AWS::MSK::ServerlessCluster",
        "Cluster",
        ClusterName="few",
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}},
        VpcConfigs=[{"SubnetIds": subnets, "SecurityGroups": [group]}],
        Tags={"team": "triage"},
    )
    goes(bench, serverless)


def test_redshift(bench, network):
    subnets, group = network
    inside = bench.make(
        "AWS::Redshift::ClusterSubnetGroup", "Group", Description="inside", SubnetIds=subnets, Tags=TAGS
    )
    cluster = bench.make(
        "AWS::Redshift::Cluster",
        "Cluster",
        ClusterIdentifier="warehouse",
        ClusterType="multi-node",
        NodeType="ra3.large",
        NumberOfNodes=2,
        DBName="notes",
        MasterUsername="admin",
        MasterUserPassword="Secret-99",
        ClusterSubnetGroupName=inside.ref,
        VpcSecurityGroupIds=[group],
        Encrypted=True,
        EnhancedVpcRouting=True,
        PubliclyAccessible=False,
        AutomatedSnapshotRetentionPeriod=7,
        Tags=TAGS,
    )
    assert cluster["Endpoint.Address"].endswith("redshift.amazonaws.com")
    goes(bench, cluster, {"NumberOfNodes": 4})
    goes(bench, inside)
    parameters = bench.make(
        "AWS::Redshift::ClusterParameterGroup",
        "Parameters",
        Description="d",
        ParameterGroupFamily="redshift-1.0",
        Tags=TAGS,
    )
    goes(bench, parameters)


def test_code(bench, role):
    repository = bench.make(
        "AWS::CodeCommit::Repository", "Code", RepositoryName="code", RepositoryDescription="all of it"
    )
    assert (repository["Name"], repository.ref) == ("code", repository["RepositoryId"])
    goes(bench, repository)
    project = bench.make(
        "AWS::CodeBuild::Project",
        "Build",
        Name="build",
        Description="d1",
        ServiceRole=role,
        Source={"Type": "CODEPIPELINE", "BuildSpec": "buildspec.yml"},
        Artifacts={"Type": "CODEPIPELINE"},
        Environment={
            "Type": "LINUX_CONTAINER",
            "Image": "aws/codebuild/standard:7.0",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "PrivilegedMode": False,
            "EnvironmentVariables": [{"Name": "MODE", "Value": "lab", "Type": "PLAINTEXT"}],
        },
        TimeoutInMinutes=30,
        Cache={"Type": "NO_CACHE"},
        Tags=TAGS,
    )
    goes(bench, project, {"Description": "d2"})
    action = {
        "Name": "Source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "CodeCommit", "Version": "1"},
        "Configuration": {"RepositoryName": "code", "BranchName": "main"},
        "OutputArtifacts": [{"Name": "Code"}],
        "RunOrder": 1,
    }
    build = {
        "Name": "Build",
        "ActionTypeId": {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1"},
        "Configuration": {"ProjectName": "build"},
        "InputArtifacts": [{"Name": "Code"}],
        "RunOrder": 1,
    }
    iam = bench.client("iam")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},'
    )
    flow = iam.create_role(RoleName="flow", AssumeRolePolicyDocument=trust + '"Action":"sts:AssumeRole"}]}')
    pipeline = bench.make(
        "AWS::CodePipeline::Pipeline",
        "Pipeline",
        Name="flow",
        RoleArn=flow["Role"]["Arn"],
        ArtifactStore={"Type": "S3", "Location": "artifacts"},
        Stages=[{"Name": "Source", "Actions": [action]}, {"Name": "Build", "Actions": [build]}],
        Tags=TAGS,
    )
    assert (pipeline.ref, pipeline["Version"]) == ("flow", 1)
    goes(bench, pipeline, {"ArtifactStore": {"Type": "S3", "Location": "other"}})
    with pytest.raises(ClientError):
        bench.make("AWS::CodePipeline::Pipeline", "Pipeline", Name="f", RoleArn=f"{role}0", Stages=[])


def test_transfer(bench, role):
    server = bench.make(
        "AWS::Transfer::Server",
        "Server",
        Domain="S3",
        EndpointType="PUBLIC",
        IdentityProviderType="SERVICE_MANAGED",
        LoggingRole=role,
        Protocols=["SFTP"],
        SecurityPolicyName="TransferSecurityPolicy-2024-01",
        Tags=TAGS,
    )
    assert (server.ref, server["State"]) == (server["ServerId"], "ONLINE")
    user = bench.make(
        "AWS::Transfer::User",
        "User",
        ServerId=server.ref,
        UserName="ann",
        Role=role,
        HomeDirectoryType="PATH",
        HomeDirectory="/bucket/ann",
        SshPublicKeys=["ssh-rsa AAAA"],
        Tags=TAGS,
    )
    goes(bench, user)
    goes(bench, server)


def test_datasync(bench, role):
    places = [
        bench.make(
            "AWS::DataSync::LocationS3",
            f"Place{i}",
            S3BucketArn=f"arn:aws:s3:::place{i}",
            S3Config={"BucketAccessRoleArn": role},
            Subdirectory="/in",
        )
        for i in range(2)
    ]
    task = bench.make(
        "AWS::DataSync::Task",
        "Task",
        Name="copy",
        SourceLocationArn=places[0].ref,
        DestinationLocationArn=places[1].ref,
        Options={"VerifyMode": "ONLY_FILES_TRANSFERRED"},
    )
    goes(bench, task, {"Name": "move"})
    for each in places:
        goes(bench, each)


def test_dms(bench, network):
    subnets, group = network
    inside = bench.make(
        "AWS::DMS::ReplicationSubnetGroup",
        "Group",
        ReplicationSubnetGroupIdentifier="inside",
        ReplicationSubnetGroupDescription="d",
        SubnetIds=subnets,
    )
    instance = bench.make(
        "AWS::DMS::ReplicationInstance",
        "Instance",
        ReplicationInstanceIdentifier="mover",
        ReplicationInstanceClass="dms.t3.medium",
        AllocatedStorage=50,
        MultiAZ=False,
        PubliclyAccessible=False,
        ReplicationSubnetGroupIdentifier="inside",
        VpcSecurityGroupIds=[group],
        Tags=TAGS,
    )
    ends = [
        bench.make(
            "AWS::DMS::Endpoint",
            kind.title(),
            EndpointIdentifier=kind,
            EndpointType=kind,
            EngineName="postgres",
            ServerName="db.example.com",
            Port=5432,
            DatabaseName="notes",
            Username="admin",
            Password="secret",
            SslMode="require",
            Tags=TAGS,
        )
        for kind in ("source", "target")
    ]
    task = bench.make(
        "AWS::DMS::ReplicationTask",
        "Task",
        ReplicationTaskIdentifier="all",
        MigrationType="full-load",
        ReplicationInstanceArn=instance.ref,
        SourceEndpointArn=ends[0].ref,
        TargetEndpointArn=ends[1].ref,
        TableMappings='{"rules":[]}',
    )
    for each in (task, *ends, instance):
        goes(bench, each)
    assert inside.unapplied == ("SubnetIds",)
    bench.delete(inside)
    bench.delete(inside)


def test_emr(bench, network, role):
    cluster = bench.make(
        "AWS::EMR::Cluster",
        "Cluster",
        Name="spark",
        ReleaseLabel="emr-7.9.0",
        Applications=[{"Name": "Spark"}],
        ServiceRole=role,
        JobFlowRole="EMR_EC2_DefaultRole",
        LogUri="s3://logs/",
        Instances={
            "MasterInstanceGroup": {
                "InstanceCount": 1,
                "InstanceType": "m5.xlarge",
                "Market": "ON_DEMAND",
                "Name": "M",
            },
            "CoreInstanceGroup": {"InstanceCount": 2, "InstanceType": "m5.xlarge", "Market": "SPOT", "Name": "Core"},
            "Ec2SubnetId": network[0][0],
            "TerminationProtected": False,
        },
        VisibleToAllUsers=True,
        Tags=TAGS,
    )
    assert cluster.ref.startswith("j-")
    goes(bench, cluster)
    secure = bench.make(
        "AWS::EMR::SecurityConfiguration",
        "Secure",
        Name="secure",
        SecurityConfiguration={"EncryptionConfiguration": {"EnableInTransitEncryption": False}},
    )
    goes(bench, secure)


def test_sagemaker(bench, network, role):
    notebook = bench.make(
        "AWS::SageMaker::NotebookInstance",
        "Notebook",
        NotebookInstanceName="notes",
        InstanceType="ml.t3.medium",
        RoleArn=role,
        SubnetId=network[0][0],
        SecurityGroupIds=[network[1]],
        VolumeSizeInGB=20,
        DirectInternetAccess="Disabled",
        RootAccess="Disabled",
        Tags=TAGS,
    )
    assert notebook.ref.endswith(":notebook-instance/notes")
    goes(bench, notebook)
    model = bench.make(
        "AWS::SageMaker::Model",
        "Model",
        ModelName="triage",
        ExecutionRoleArn=role,
        PrimaryContainer={
            "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1",
            "ModelDataUrl": "s3://m/m.gz",
        },
        VpcConfig={"Subnets": network[0], "SecurityGroupIds": [network[1]]},
        Tags=TAGS,
    )
    variant = {
        "VariantName": "all",
        "ModelName": "triage",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    configs = [
        bench.make(
            "AWS::SageMaker::EndpointConfig",
            f"Config{i}",
            EndpointConfigName=f"config{i}",
            ProductionVariants=[variant],
            Tags=TAGS,
        )
        for i in range(2)
    ]
    endpoint = bench.make(
        "AWS::SageMaker::Endpoint", "Endpoint", EndpointName="ask", EndpointConfigName="config0", Tags=TAGS
    )
    for each in (endpoint, *configs, model):
        goes(bench, each)


def test_appsync(bench, role):
    api = bench.make("AWS::AppSync::GraphQLApi", "Api", Name="notes", AuthenticationType="API_KEY", Tags=TAGS)
    assert api["GraphQLUrl"].startswith("https://")
    of = {"ApiId": api["ApiId"]}
    key = bench.make("AWS::AppSync::ApiKey", "Key", **of, Description="d1")
    schema = bench.make("AWS::AppSync::GraphQLSchema", "Schema", **of, Definition="type Query { note: String }")
    assert schema.unapplied == ()
    source = bench.make(
        "AWS::AppSync::DataSource",
        "Source",
        **of,
        Name="table",
        Type="AMAZON_DYNAMODB",
        ServiceRoleArn=role,
        DynamoDBConfig={"TableName": "notes", "AwsRegion": "us-east-1"},
    )
    step = bench.make(
        "AWS::AppSync::FunctionConfiguration",
        "Step",
        **of,
        Name="step",
        DataSourceName="table",
        Code="export function request() {}",
        Runtime={"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"},
    )
    resolver = bench.make(
        "AWS::AppSync::Resolver",
        "Resolver",
        **of,
        TypeName="Query",
        FieldName="note",
        Kind="PIPELINE",
        PipelineConfig={"Functions": [step["FunctionId"]]},
    )
    goes(bench, resolver)
    goes(bench, step)
    goes(bench, source, {"Description": "d2"})
    goes(bench, key, {"Description": "d2"}, frozenset({f"ApiId={api['ApiId']}"}))
    goes(bench, api, {"Name": "books"})


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        (
            "AWS::CloudWatch::Alarm",
            {
                "ComparisonOperator": "GreaterThanThreshold",
                "EvaluationPeriods": 1,
                "Threshold": 5,
                "MetricName": "X",
                "Namespace": "N",
                "Period": 45,
                "Statistic": "Sum",
            },
            "Period must be 10, 20, 30 or a multiple of 60",
        ),
        (
            "AWS::SNS::Subscription",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:x", "Protocol": "slack", "Endpoint": "x"},
            "does not support this protocol string: slack",
        ),
        (
            "AWS::Lambda::Function",
            {
                "Code": {"ZipFile": "x = 1"},
                "Handler": "index.x",
                "Runtime": "python3.99",
                "Role": "arn:aws:iam::123456789012:role/x",
            },
            "Value 'python3.99' at 'runtime' failed to satisfy constraint",
        ),
    ],
)
def test_what_no_service_takes_is_refused(bench, kind, properties, said):
    with pytest.raises(ClientError, match=said):
        bench.make(kind, **properties)


def test_a_condition_may_say_a_number_and_a_rule_no_ports(bench):
    asked = {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": asked}
    policy = bench.make("AWS::IAM::ManagedPolicy", PolicyDocument={"Version": "2012-10-17", "Statement": statement})
    assert (policy.unapplied, bench.lost(policy)) == ((), set())
    rule = {"IpProtocol": "50", "CidrIp": "192.0.2.0/24"}
    group = bench.make("AWS::EC2::SecurityGroup", GroupDescription="tunnels", SecurityGroupIngress=[rule])
    assert (group.unapplied, bench.lost(group)) == ((), set())
    bench.delete(group)
