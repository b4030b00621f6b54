"""How each AWS service says no: its error code, its words, and its protocol.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html (checked 2026-11-22)
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.exceptions import HTTPException

from preflight.analysis.access import BOUNDARY, IDENTITY, SCP, TRUST, Decision
from preflight.clouds.asked import Call, Wanted

REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"


class Refused(HTTPException):  # type: ignore[misc]
    """The service's own answer to a request that is not authorized; moto hands it on in both of its modes."""

    def __init__(self, status: int, content_type: str, body: str, headers: dict[str, str]) -> None:
        super().__init__()
        self.code = status
        self._content_type = content_type
        self._body = body
        self._headers = headers

    def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:
        """The headers as werkzeug and moto want them."""
        return [("Content-Type", self._content_type), ("x-amzn-RequestId", REQUEST_ID), *self._headers.items()]

    def get_body(self, environ: Any = None, scope: Any = None) -> str:
        """The body."""
        return self._body


def sentence(wanted: Wanted, who: str, decision: Decision, *, quoted: bool = False) -> str:
    """AWS's sentence for a request that is not authorized."""
    named = re.sub(r"<[^>]*>", "*", wanted.resource)
    resource = f'"{named}"' if quoted else named
    on = "" if named == "*" else f" on resource: {resource}"
    return f"User: {who} is not authorized to perform: {wanted.action}{on}{_reason(wanted.action, decision)}"


def refused(call: Call, code: str, message: str) -> Refused:
    """The error in the service's protocol."""
    protocol = PROTOCOLS.get(call.signed_for) or _protocol_of(call)
    if call.signed_for == "s3":
        return _of_s3(call, code, message)
    if protocol == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
            f"<RequestID>{REQUEST_ID}</RequestID></Response>"
        )
        return Refused(403, "text/xml;charset=UTF-8", body, {})
    if protocol in ("query", "rest-xml"):
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        )
        return Refused(403, "text/xml", body, {})
    headers = {"x-amzn-ErrorType": code}
    if call.signed_for == "sqs":
        # its JSON keeps the codes of its older protocol
        headers["x-amzn-query-error"] = f"{code if code.startswith('KMS') else 'AccessDenied'};Sender"
    body = json.dumps({"__type": code, "message": message, "Message": message})
    is_rest = protocol == "rest-json"
    content_type = "application/json" if is_rest else "application/x-amz-json-1.1"
    return Refused(403 if is_rest else 400, content_type, body, headers)


def denial(call: Call, wanted: Wanted, who: str, decision: Decision, *, explained: bool = True) -> Refused:
    """The refusal of one action; `explained` is False where S3 says no more than "Access Denied"."""
    code = CODES.get(call.signed_for) or ("AccessDenied" if _is_xml(call) else "AccessDeniedException")
    if wanted.action.startswith("kms:"):
        code = KEY_CODES.get(call.signed_for, code)
    if call.signed_for == "s3":
        return refused(call, code, sentence(wanted, who, decision, quoted=True) if explained else "Access Denied")
    message = sentence(wanted, who, decision)
    if call.signed_for == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    return refused(call, code, message)


def unknown_key(call: Call) -> Refused:
    """The refusal of a key that was issued here and is no more."""
    if call.signed_for == "s3":
        return refused(call, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if call.signed_for == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return refused(call, "AuthFailure", message)
    code = "InvalidClientTokenId" if _is_xml(call) else "UnrecognizedClientException"
    return refused(call, code, "The security token included in the request is invalid.")


def unsigned(call: Call) -> Refused:
    """The refusal of a request without a signature to a service that needs one."""
    code = "MissingAuthenticationToken" if _is_xml(call) else "MissingAuthenticationTokenException"
    return refused(call, code, "Request is missing Authentication Token")


def _reason(action: str, decision: Decision) -> str:
    layer = decision.layer or IDENTITY
    article = "an" if layer[0] in "aeiou" else "the" if layer == TRUST else "a"
    if decision.answer == "explicitly_denied" or layer == SCP:
        arn = f": {decision.policy_arn}" if decision.policy_arn else ""
        return f" with an explicit deny in {article} {layer}{arn}"
    if layer == TRUST:
        # without a grant AWS gives no reason for a role
        return ""
    kind = layer if layer == BOUNDARY else layer.replace("permissions boundary", BOUNDARY)
    return f" because no {kind} allows the {action} action"


def _of_s3(call: Call, code: str, message: str) -> Refused:
    if call.request.method == "HEAD":
        return Refused(403, "application/xml", "", {})
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{REQUEST_ID[:16].upper()}</RequestId><HostId>{REQUEST_ID}</HostId></Error>"
    )
    return Refused(403, "application/xml", body, {})


def _is_xml(call: Call) -> bool:
    return (PROTOCOLS.get(call.signed_for) or _protocol_of(call)) in ("query", "ec2", "rest-xml")


def _protocol_of(call: Call) -> str:
    content_type = str(call.request.content_type or "")
    if content_type.startswith("application/x-amz-json") or "X-Amz-Target" in call.request.headers:
        return "json"
    if content_type.startswith("application/x-www-form-urlencoded"):
        return "query"
    try:
        from moto.core.utils import get_service_model

        return str(get_service_model(call.model_name).protocol)
    except Exception:  # a service botocore does not know
        return "rest-json"


PROTOCOLS = {"ec2": "ec2", "s3": "rest-xml"}

# a key that is not lent, in the words of what is encrypted with it
KEY_CODES = {"sqs": "KMS.AccessDeniedException", "sns": "KMSAccessDenied"}

CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError", "sqs": "AccessDeniedException"}
