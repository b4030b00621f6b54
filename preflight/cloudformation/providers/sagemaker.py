"""SageMaker: notebooks, models and endpoints; nothing is trained, and nothing is inferred."""

from __future__ import annotations

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call

_TAGS = Tags(call("add_tags", ResourceArn="{ref}"), remove=call("delete_tags", ResourceArn="{ref}"), reserved=True)


class _Listed(Table):
    """A type whose service calls what is gone a validation error."""

    service = "sagemaker"
    lists = ""

    def name_of(self, declared: Declared, context: Context, made: Made | None = None) -> str:
        """The name, which its ARN ends with."""
        if made is not None:
            return made.physical_id.rpartition("/")[2]
        return super().name_of(declared, context, made)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Delete what is still listed."""
        told = getattr(context.client("sagemaker"), self.lists)()
        listed = next(each for each in told.values() if isinstance(each, list))
        if any(made.physical_id in map(str, each.values()) for each in listed):
            super().delete(made, declared, context)


class NotebookInstance(_Listed):
    """A machine with notebooks on it."""

    type = "AWS::SageMaker::NotebookInstance"
    lists = "list_notebook_instances"
    named = Name("NotebookInstanceName", limit=63)
    makes = call(
        "create_notebook_instance",
        "AcceleratorTypes AdditionalCodeRepositories DefaultCodeRepository DirectInternetAccess InstanceType KmsKeyId "
        "LifecycleConfigName RoleArn RootAccess SecurityGroupIds SubnetId VolumeSizeInGB",
        NotebookInstanceName="{name}",
    )
    drops = "InstanceMetadataServiceConfiguration PlatformIdentifier"
    tags = _TAGS
    ref = "NotebookInstanceArn"
    attributes = "NotebookInstanceArn={ref} NotebookInstanceName={name}"
    unmakes = call("delete_notebook_instance", NotebookInstanceName="{name}")
    reads = (
        call("describe_notebook_instance", NotebookInstanceName="{name}"),
        call("list_tags", ResourceArn="{ref}"),
    )

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """A notebook is stopped before it goes."""
        client, name = context.client("sagemaker"), self.name_of(declared, context, made)
        held = client.list_notebook_instances()["NotebookInstances"]
        if any(each["NotebookInstanceName"] == name and each["NotebookInstanceStatus"] != "Stopped" for each in held):
            client.stop_notebook_instance(NotebookInstanceName=name)
        super().delete(made, declared, context)


class Model(_Listed):
    """What an endpoint runs."""

    type = "AWS::SageMaker::Model"
    lists = "list_models"
    named = Name("ModelName", limit=63)
    makes = call(
        "create_model",
        "Containers EnableNetworkIsolation ExecutionRoleArn InferenceExecutionConfig PrimaryContainer VpcConfig",
        ModelName="{name}",
    )
    tags = _TAGS
    ref = "ModelArn"
    attributes = "ModelArn={ref} ModelName={name}"
    unmakes = call("delete_model", ModelName="{name}")
    reads = (call("describe_model", ModelName="{name}"), call("list_tags", ResourceArn="{ref}"))


class EndpointConfig(_Listed):
    """Which models an endpoint runs, and on what."""

    type = "AWS::SageMaker::EndpointConfig"
    lists = "list_endpoint_configs"
    named = Name("EndpointConfigName", limit=63)
    makes = call(
        "create_endpoint_config",
        "AsyncInferenceConfig DataCaptureConfig ExplainerConfig KmsKeyId ProductionVariants ShadowProductionVariants",
        EndpointConfigName="{name}",
    )
    drops = "EnableNetworkIsolation ExecutionRoleArn MetricsConfig VpcConfig"
    tags = _TAGS
    ref = "EndpointConfigArn"
    attributes = "EndpointConfigArn={ref} EndpointConfigName={name}"
    unmakes = call("delete_endpoint_config", EndpointConfigName="{name}")
    reads = (
        call("describe_endpoint_config", EndpointConfigName="{name}"),
        call("list_tags", ResourceArn="{ref}"),
    )


class Endpoint(_Listed):
    """Where a model can be asked."""

    type = "AWS::SageMaker::Endpoint"
    lists = "list_endpoints"
    named = Name("EndpointName", limit=63)
    makes = call("create_endpoint", "EndpointConfigName", EndpointName="{name}")
    then = (Setting(call("update_endpoint", "EndpointConfigName", EndpointName="{name}"), at_create=False),)
    drops = "DeploymentConfig ExcludeRetainedVariantProperties RetainAllVariantProperties RetainDeploymentConfig"
    tags = _TAGS
    ref = "EndpointArn"
    attributes = "EndpointArn={ref} EndpointName={name}"
    unmakes = call("delete_endpoint", EndpointName="{name}")
    reads = (call("describe_endpoint", EndpointName="{name}"), call("list_tags", ResourceArn="{ref}"))
