"""A certificate is issued at once, and its records stand in the hosted zone the template names."""

from __future__ import annotations

from typing import Any

TAGS = [{"Key": "team", "Value": "triage"}]


def test_a_certificate_by_dns(bench):
    acm, dns = bench.client("acm"), bench.client("route53")
    zone = dns.create_hosted_zone(Name="clinic.example", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    made = bench.make(
        "AWS::CertificateManager::Certificate",
        DomainName="clinic.example",
        SubjectAlternativeNames=["*.clinic.example"],
        ValidationMethod="DNS",
        KeyAlgorithm="EC_prime256v1",
        CertificateTransparencyLoggingPreference="DISABLED",
        DomainValidationOptions=[
            {"DomainName": "clinic.example", "HostedZoneId": zone},
            {"DomainName": "*.clinic.example", "HostedZoneId": zone},
        ],
        Tags=TAGS,
    )
    assert (made.unapplied, bench.lost(made)) == ((), set())
    facts = acm.describe_certificate(CertificateArn=made.ref)["Certificate"]
    assert facts["Status"] == "ISSUED"
    record = facts["DomainValidationOptions"][0]["ResourceRecord"]
    names = [each["Name"] for each in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]
    assert names.count(record["Name"]) == 1
    bench.delete(made)
    bench.delete(made)
    names = [each["Name"] for each in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]
    assert record["Name"] not in names
    assert acm.list_certificates()["CertificateSummaryList"] == []


def test_what_aws_would_wait_for_is_named(bench):
    properties: dict[str, Any] = {"DomainName": "clinic.example", "ValidationMethod": "DNS"}
    assert bench.make("AWS::CertificateManager::Certificate", **properties).unapplied == ("ValidationMethod",)


def test_an_account_is_told_of_certificates_that_expire(bench):
    made = bench.make("AWS::CertificateManager::Account", ExpiryEventsConfiguration={"DaysBeforeExpiry": 30})
    assert (made.unapplied, bench.lost(made), made.ref) == ((), set(), "123456789012")
    made = bench.change(made, ExpiryEventsConfiguration={"DaysBeforeExpiry": 20})
    assert bench.lost(made) == set()
    bench.delete(made)
