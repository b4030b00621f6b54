"""Systems Manager: Parameter Store."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Setting, Table, Tags, call

_PARAMETER = "Type Value Description AllowedPattern Tier Policies DataType"


class Parameter(Table):
    """A parameter, overwritten in place."""

    type = "AWS::SSM::Parameter"
    service = "ssm"
    named = Name("Name", limit=1011)
    makes = call("put_parameter", _PARAMETER, Name="{name}")
    then = (
        Setting(
            call("put_parameter", _PARAMETER, Name="{ref}", Overwrite=True),
            otherwise={"Description": "", "AllowedPattern": ""},
            at_create=False,
        ),
    )
    tags = Tags(
        call("add_tags_to_resource", ResourceType="Parameter", ResourceId="{ref}"),
        remove=call("remove_tags_from_resource", ResourceType="Parameter", ResourceId="{ref}"),
    )
    ref = "{name}"
    attributes = "Arn=Parameter.ARN Type=Parameter.Type Value=Parameter.Value"
    describes = call("get_parameter", Name="{ref}")
    unmakes = call("delete_parameter", Name="{ref}")
    reads = (
        describes,
        call("describe_parameters", ParameterFilters=[{"Key": "Name", "Values": ["{ref}"]}]),
        call("list_tags_for_resource", ResourceType="Parameter", ResourceId="{ref}"),
    )
