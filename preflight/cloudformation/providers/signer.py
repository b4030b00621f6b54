"""Signer: profiles code is signed with."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Name, Table, Tags, call


class SigningProfile(Table):
    """A profile for one platform."""

    type = "AWS::Signer::SigningProfile"
    service = "signer"
    named = Name("ProfileName", limit=64)
    makes = call(
        "put_signing_profile",
        "platformId=PlatformId signatureValidityPeriod=SignatureValidityPeriod",
        profileName="{name}",
    )
    tags = Tags(call("tag_resource", resourceArn="{ref}"), remove=call("untag_resource", resourceArn="{ref}"))
    ref = "arn"
    attributes = "Arn={ref} ProfileName={name} ProfileVersion=profileVersion ProfileVersionArn=profileVersionArn"
    unmakes = call("cancel_signing_profile", profileName="{made.ProfileName}")
    reads = (
        call("get_signing_profile", profileName="{made.ProfileName}"),
        call("list_tags_for_resource", resourceArn="{ref}"),
    )
