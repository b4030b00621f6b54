"""Resource Access Manager: what is shared with whom."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Setting, Table, call


class ResourceShare(Table):
    """Resources shared with other accounts."""

    type = "AWS::RAM::ResourceShare"
    service = "ram"
    makes = call(
        "create_resource_share",
        "name=Name allowExternalPrincipals=AllowExternalPrincipals principals=Principals resourceArns=ResourceArns "
        "permissionArns=PermissionArns",
    )
    then = (
        Setting(
            call(
                "update_resource_share",
                "name=Name allowExternalPrincipals=AllowExternalPrincipals",
                resourceShareArn="{ref}",
            ),
            at_create=False,
        ),
    )
    drops = "PermissionArns Tags"
    ref = "resourceShare.resourceShareArn"
    attributes = (
        "Arn={ref} Status=resourceShare.status OwningAccountId=resourceShare.owningAccountId "
        "CreationTime=resourceShare.creationTime LastUpdatedTime=resourceShare.lastUpdatedTime "
        "FeatureSet=resourceShare.featureSet"
    )
    unmakes = call("delete_resource_share", resourceShareArn="{ref}")
    reads = (
        call("get_resource_shares", resourceOwner="SELF", resourceShareArns=["{ref}"]),
        call("get_resource_share_associations", associationType="PRINCIPAL", resourceShareArns=["{ref}"]),
        call("get_resource_share_associations", associationType="RESOURCE", resourceShareArns=["{ref}"]),
    )
