"""CodePipeline: pipelines; nothing flows through them here."""

from __future__ import annotations

from typing import Any

from preflight.cloudformation.providers._table import Name, Scope, Setting, Table, Tags, call

_PIPELINE = (
    "pipeline.artifactStore=ArtifactStore pipeline.executionMode=ExecutionMode pipeline.pipelineType=PipelineType "
    "pipeline.roleArn=RoleArn pipeline.stages=Stages pipeline.triggers=Triggers pipeline.variables=Variables"
)


class Pipeline(Table):
    """Stages of actions, and where their artifacts lie meanwhile."""

    type = "AWS::CodePipeline::Pipeline"
    service = "codepipeline"
    named = Name("Name", limit=100)
    makes = call("create_pipeline", _PIPELINE)
    then = (Setting(call("update_pipeline", _PIPELINE), at_create=False),)
    drops = "ArtifactStores DisableInboundStageTransitions RestartExecutionOnUpdate"
    tags = Tags(
        call("tag_resource", resourceArn="{made.Arn}"),
        remove=call("untag_resource", resourceArn="{made.Arn}"),
        reserved=False,
    )
    ref = "{name}"
    attributes = "Arn=arn:{partition}:codepipeline:{region}:{account}:{ref} Version=pipeline.version"
    describes = call("get_pipeline", name="{ref}")
    unmakes = call("delete_pipeline", name="{ref}")
    reads = (describes, call("list_tags_for_resource", resourceArn="{made.Arn}"))

    def ask(self, scope: Scope, operation: str, arguments: Any) -> dict[str, Any]:
        """The pipeline is told by its name, inside."""
        if "pipeline" in arguments:
            arguments = {**arguments, "pipeline": {**arguments["pipeline"], "name": scope.name, "version": 1}}
        return super().ask(scope, operation, arguments)
