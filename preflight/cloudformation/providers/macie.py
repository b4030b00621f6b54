"""Macie: switched on or off; nothing is found here."""

from __future__ import annotations

from preflight.cloudformation.providers._table import Table, call


class Session(Table):
    """Macie switched on for the account in a Region."""

    type = "AWS::Macie::Session"
    service = "macie2"
    makes = call("enable_macie", "findingPublishingFrequency=FindingPublishingFrequency status=Status")
    ref = "{account}"
    attributes = "AwsAccountId={account} ServiceRole=serviceRole"
    describes = call("get_macie_session")
    unmakes = call("disable_macie")
    reads = (call("get_macie_session"),)
