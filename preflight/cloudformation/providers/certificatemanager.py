"""ACM: certificates; validation by DNS is over at once, where on AWS the stack waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Scope, Setting, Table, Tags, call, passing_over_gone


class Certificate(Table):
    """A certificate; its records go to the hosted zones the template names, and nobody waits for them.

    Where AWS would wait for ever - no hosted zone for a domain, or validation by mail - `ValidationMethod` is named as
    not emulated.
    """

    type = "AWS::CertificateManager::Certificate"
    service = "acm"
    makes = call(
        "request_certificate",
        "DomainName SubjectAlternativeNames ValidationMethod KeyAlgorithm CertificateAuthorityArn "
        "Options.CertificateTransparencyLoggingPreference=CertificateTransparencyLoggingPreference "
        "Options.Export=CertificateExport",
    )
    tags = Tags(
        call("add_tags_to_certificate", CertificateArn="{ref}"),
        remove=call("remove_tags_from_certificate", CertificateArn="{ref}"),
        reserved=False,
    )
    ref = "CertificateArn"
    tells = "CertificateTransparencyLoggingPreference=CertificateTransparencyLoggingPreference"
    # a hosted zone is told by Route 53, which has the record
    untold = "DomainValidationOptions"
    attributes = "CertificateArn={ref}"
    unmakes = call("delete_certificate", CertificateArn="{ref}")
    reads = (
        call("describe_certificate", CertificateArn="{ref}"),
        call("list_tags_for_certificate", CertificateArn="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The domains that mail is sent to."""
        asked = super().arguments(scope)
        options = scope.declared.peek("DomainValidationOptions", [])
        mail = [
            {"DomainName": each["DomainName"], "ValidationDomain": each["ValidationDomain"]}
            for each in options
            if "ValidationDomain" in each
        ]
        return {**asked, "DomainValidationOptions": mail} if mail else asked

    def finish(self, scope: Scope, answer: Mapping[str, Any]) -> None:
        """Put the records that prove the domains."""
        super().finish(scope, answer)
        zones = {
            each["DomainName"]: each["HostedZoneId"]
            for each in scope.declared.take("DomainValidationOptions", [])
            if "HostedZoneId" in each
        }
        by_dns = scope.declared.peek("ValidationMethod") == "DNS"
        domains = [scope.declared.peek("DomainName"), *scope.declared.peek("SubjectAlternativeNames", [])]
        facts = self.ask(scope, "describe_certificate", {"CertificateArn": scope.ref})["Certificate"]
        for each in facts.get("DomainValidationOptions", ()) if by_dns else ():
            if each["DomainName"] in zones:
                _change(scope.context, "UPSERT", zones[each["DomainName"]], each["ResourceRecord"])
        if not by_dns or any(each not in zones for each in domains):
            scope.declared.not_emulated("ValidationMethod")

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """The records go with the certificate."""
        zones = {
            each["DomainName"]: each["HostedZoneId"]
            for each in declared.peek("DomainValidationOptions", [])
            if "HostedZoneId" in each
        }
        with passing_over_gone():
            facts = context.client("acm").describe_certificate(CertificateArn=made.physical_id)["Certificate"]
            for each in facts.get("DomainValidationOptions", ()):
                if each["DomainName"] in zones and "ResourceRecord" in each:
                    _forget(context, zones[each["DomainName"]], each["ResourceRecord"])
        super().delete(made, declared, context)


def _change(context: Context, action: str, zone: str, record: Mapping[str, str]) -> None:
    wanted = {
        "Name": record["Name"],
        "Type": "CNAME",
        "TTL": 300,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": wanted}]}
    context.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def _forget(context: Context, zone: str, record: Mapping[str, str]) -> None:
    client = context.client("route53")
    with passing_over_gone():
        held = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        if any(each["Name"] == record["Name"] for each in held):
            _change(context, "DELETE", zone, record)


class Account(Table):
    """The account's setting for certificates that are about to expire."""

    type = "AWS::CertificateManager::Account"
    service = "acm"
    then = (
        Setting(
            call(
                "put_account_configuration",
                "ExpiryEvents=ExpiryEventsConfiguration",
                IdempotencyToken="days{ExpiryEventsConfiguration.DaysBeforeExpiry}",
            )
        ),
    )
    ref = "{account}"
    attributes = "AccountId={account}"
    reads = (call("get_account_configuration"),)
