"""Mends the emulated ACM: what a request asked for is told again, and DNS validation is over at once.

On AWS a certificate waits until its records are found in DNS; nobody looks here, and CloudFormation puts the records
where the template names the hosted zone (https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html,
checked_on 2026-11-22).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any


def mends() -> Iterator[tuple[Any, str, Any]]:
    """What to put in the place of what, once moto's ACM is loaded."""
    from moto.acm.models import CertBundle
    from moto.acm.responses import AWSCertificateManagerResponse

    request, told = AWSCertificateManagerResponse.request_certificate, CertBundle.describe

    def request_certificate(self: Any) -> Any:
        answer = request(self)
        held = self.acm_backend.get_certificate(answer._result["CertificateArn"])
        held.asked = {
            "method": self._get_param("ValidationMethod") or "EMAIL",
            "algorithm": self._get_param("KeyAlgorithm") or "RSA_2048",
            "domains": {
                each["DomainName"]: each["ValidationDomain"]
                for each in self._get_param("DomainValidationOptions") or ()
            },
        }
        if held.asked["method"] == "DNS":
            held.status = "ISSUED"
        return answer

    def describe(self: Any) -> Any:
        facts = told(self)
        asked = getattr(self, "asked", None)
        if asked:
            certificate = facts.get("Certificate", facts)
            certificate["KeyAlgorithm"] = asked["algorithm"]
            for each in certificate.get("DomainValidationOptions", ()):
                each["ValidationMethod"] = asked["method"]
                each["ValidationDomain"] = asked["domains"].get(each["DomainName"], each["DomainName"])
                if asked["method"] == "DNS":
                    each["ResourceRecord"] = record(self.arn, each["DomainName"])
        return facts

    yield AWSCertificateManagerResponse, "request_certificate", request_certificate
    yield CertBundle, "describe", describe


def record(arn: str, domain: str) -> dict[str, str]:
    """The CNAME record that proves a domain is the account's; one for a name and its wildcard."""
    bare = domain.removeprefix("*.")
    seed = hashlib.sha256(f"{arn.split(':')[4]}/{bare}".encode()).hexdigest()
    value = f"_{seed[32:64]}.{seed[:10]}.acm-validations.aws."
    return {"Name": f"_{seed[:32]}.{bare}.", "Type": "CNAME", "Value": value}
