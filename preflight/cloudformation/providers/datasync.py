"""DataSync: places and the tasks between them; nothing is copied here."""

from __future__ import annotations

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Setting, Table, call


class _Listed(Table):
    """A type whose service calls what is gone an invalid request."""

    lists = ""

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Delete what is still listed."""
        told = getattr(context.client("datasync"), self.lists)()
        listed = next(each for each in told.values() if isinstance(each, list))
        if any(made.physical_id in each.values() for each in listed):
            super().delete(made, declared, context)


class LocationS3(_Listed):
    """A place in a bucket."""

    type = "AWS::DataSync::LocationS3"
    lists = "list_locations"
    service = "datasync"
    makes = call("create_location_s3", "S3BucketArn S3Config S3StorageClass Subdirectory")
    # told inside the place's URI
    untold = "S3BucketArn Subdirectory"
    drops = "Tags"
    ref = "LocationArn"
    attributes = "LocationArn={ref} LocationUri=LocationUri"
    describes = call("describe_location_s3", LocationArn="{ref}")
    unmakes = call("delete_location", LocationArn="{ref}")
    reads = (describes,)


class Task(_Listed):
    """What is copied from where to where, and when."""

    type = "AWS::DataSync::Task"
    lists = "list_tasks"
    service = "datasync"
    makes = call(
        "create_task",
        "CloudWatchLogGroupArn DestinationLocationArn Excludes Includes ManifestConfig Name Options Schedule "
        "SourceLocationArn TaskMode TaskReportConfig",
    )
    drops = "Tags"
    then = (Setting(call("update_task", "Name Options", TaskArn="{ref}"), at_create=False),)
    ref = "TaskArn"
    attributes = "TaskArn={ref} Status=Status"
    describes = call("describe_task", TaskArn="{ref}")
    unmakes = call("delete_task", TaskArn="{ref}")
    reads = (describes,)
