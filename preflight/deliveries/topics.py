"""SNS: what is published to a topic goes to everyone who listens and whose filter lets it through."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.request
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from preflight.deliveries import backend, patched
from preflight.deliveries.patterns import matches
from preflight.deliveries.queues import Undeliverable, may_use_key, parsed, put_aside, send

if TYPE_CHECKING:
    from preflight.deliveries import Deliveries

SNS = "sns.amazonaws.com"
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html tries HTTP endpoints 50 times in an hour
HTTP_TRIES = 3


def listening(deliveries: Deliveries) -> AbstractContextManager[Any]:
    """Deliver what is published, in place of moto's own way."""
    from moto.sns.models import SNSBackend, Topic

    validate = SNSBackend._validate_filter_policy

    def validate_filter_policy(self: Any, value: Any, scope: str | None) -> None:
        # moto knows all operators but this one
        validate(self, _without_cidr(value), scope)

    def publish(
        topic: Any,
        message: str,
        subject: str | None = None,
        message_attributes: Mapping[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        if not message:
            from moto.sns.exceptions import InvalidParameterValue

            raise InvalidParameterValue("Invalid parameter: Empty message")
        note = Note(
            str(uuid.uuid4()),
            message,
            subject or None,
            dict(message_attributes or {}),
            deliveries.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            group_id,
            _deduplication(topic, message, deduplication_id),
            structured=message_structure == "json",
        )
        if note.structured:
            _refuse_unstructured(message)
        if not _is_duplicate(topic, note, deliveries):
            topic.sent_notifications.append((note.id, message, subject, message_attributes, group_id))
            _spread(deliveries, topic, note)
        return note.id

    stack = ExitStack()
    stack.enter_context(patched(Topic, publish=publish))
    stack.enter_context(patched(SNSBackend, _validate_filter_policy=validate_filter_policy))
    return stack


@dataclass(frozen=True)
class Note:
    """One published message."""

    id: str
    text: str
    subject: str | None
    attributes: Mapping[str, Any]
    at: str
    group: str | None = None
    deduplication: str | None = None
    structured: bool = False
    sequence: str | None = None

    def text_for(self, protocol: str) -> str:
        """The message, where the publisher wrote one for each protocol."""
        if not self.structured:
            return self.text
        by_protocol = json.loads(self.text)
        return str(by_protocol.get(protocol, by_protocol["default"]))


def publish_for(
    deliveries: Deliveries,
    arn: str,
    text: str,
    *,
    service: str,
    source: str,
    subject: str | None = None,
    role: str | None = None,
) -> None:
    """Publish on a service's behalf; raises Undeliverable when the topic's policy, its key or the role forbids it."""
    topic = find(arn)
    if topic is None:
        raise Undeliverable("NotFound", "Topic does not exist")
    may = (
        deliveries.permits_role(role, service, "sns:Publish", arn, source)
        if role
        else deliveries.permits(service, "sns:Publish", arn, source)
    )
    if not may:
        raise Undeliverable("NO_PERMISSIONS", f"{service} is not authorized to perform: SNS:Publish on {arn}")
    key = topic.kms_master_key_id
    if key and not may_use_key(deliveries, key, service=service, source=source, like=arn, role=role):
        raise Undeliverable("KMSAccessDenied", f"{service} may not use the key of {arn}")
    topic.publish(text, subject=subject)


def find(arn: str) -> Any:
    """The emulated topic of an ARN."""
    region, account = arn.split(":")[3:5]
    held = backend("sns", "sns_backends", account, region)
    return held.topics.get(arn) if held is not None else None


def accepts(policy: Mapping[str, Any], scope: str, note: Note) -> bool:
    """Whether a filter policy lets a message through."""
    if not policy:
        return True
    if scope == "MessageBody":
        body = parsed(note.text)
        return isinstance(body, dict) and matches(policy, body)
    told = {name: _value(each) for name, each in note.attributes.items() if not _type(each).startswith("Binary")}
    return matches(policy, told)


def _spread(deliveries: Deliveries, topic: Any, note: Note) -> None:
    for subscription in [each for each in topic.sns_backend.subscriptions.values() if each.topic is topic]:
        attributes = subscription.attributes
        policy = parsed(attributes.get("FilterPolicy") or "{}") or {}
        if not accepts(policy, attributes.get("FilterPolicyScope") or "MessageAttributes", note):
            continue
        try:
            _deliver(deliveries, subscription, note)
        except Undeliverable:
            _aside(deliveries, subscription, note)
        except Exception as error:
            deliveries.faults.append(f"{subscription.arn}: {error!r}")


def _deliver(deliveries: Deliveries, subscription: Any, note: Note) -> None:
    protocol, endpoint, topic = subscription.protocol, subscription.endpoint, subscription.topic.arn
    if protocol == "sqs":
        _to_queue(deliveries, subscription, note)
    elif protocol == "lambda":
        from preflight.deliveries.targets import call_function

        if not deliveries.permits(SNS, "lambda:InvokeFunction", endpoint, topic):
            raise Undeliverable("AccessDenied", f"the topic may not call {endpoint}")
        call_function(deliveries, endpoint, json.dumps(_event(subscription, note)), cause=topic)
    elif protocol == "firehose":
        from preflight.deliveries.targets import Sender, hand_over

        region, account = topic.split(":")[3:5]
        role = subscription.attributes.get("SubscriptionRoleArn")
        hand_over(
            deliveries, endpoint, _body(subscription, note), Sender(SNS, topic, account, region, role, by_role=True)
        )
    elif protocol in ("http", "https") and urlsplit(endpoint).hostname in ("localhost", "127.0.0.1", "::1"):
        _post(deliveries, subscription, note, 1)
    else:
        deliveries.send_mail(
            protocol=protocol,
            to=endpoint,
            subject=note.subject,
            message=note.text_for(protocol),
            topic=topic,
            subscription=subscription.arn,
        )


def _to_queue(deliveries: Deliveries, subscription: Any, note: Note) -> None:
    attributes: dict[str, Any] = {}
    if _is_raw(subscription):
        attributes = {name: _for_queue(each) for name, each in note.attributes.items()}
        if len(attributes) > 10:
            # https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html, 2026-11-22
            raise Undeliverable("ClientError", "more than ten attributes")
    send(
        deliveries,
        subscription.endpoint,
        _body(subscription, note),
        service=SNS,
        source=subscription.topic.arn,
        attributes=attributes,
        group=note.group,
        deduplication=note.deduplication,
    )


def _aside(deliveries: Deliveries, subscription: Any, note: Note) -> None:
    policy = parsed(subscription.attributes.get("RedrivePolicy") or "{}") or {}
    put_aside(
        deliveries,
        policy.get("deadLetterTargetArn"),
        _body(subscription, note),
        service=SNS,
        source=subscription.topic.arn,
        group=note.group,
    )


def _post(deliveries: Deliveries, subscription: Any, note: Note, tries: int) -> None:
    """Call an endpoint on this machine from a thread, a few times if need be."""

    def attempt() -> None:
        headers = {
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": note.id,
            "x-amz-sns-topic-arn": subscription.topic.arn,
            "x-amz-sns-subscription-arn": subscription.arn,
            "Content-Type": "text/plain; charset=UTF-8",
            **({"x-amz-sns-rawdelivery": "true"} if _is_raw(subscription) else {}),
        }
        request = urllib.request.Request(subscription.endpoint, _body(subscription, note).encode(), headers)
        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            straight.open(request, timeout=15).close()
        except OSError:
            if tries < HTTP_TRIES:
                deliveries.work.later(
                    deliveries.pace, ("http", note.id, subscription.arn), _again(deliveries, subscription, note, tries)
                )
            else:
                _aside(deliveries, subscription, note)

    deliveries.work.poke(("http", note.id, subscription.arn), attempt)


def _again(deliveries: Deliveries, subscription: Any, note: Note, tries: int) -> Any:
    return lambda: _post(deliveries, subscription, note, tries + 1)


def _body(subscription: Any, note: Note) -> str:
    """What a queue or a web server gets: the message alone, or in SNS's envelope."""
    text = note.text_for(subscription.protocol)
    if _is_raw(subscription):
        return text
    envelope: dict[str, Any] = {"Type": "Notification", "MessageId": note.id}
    if note.sequence:
        envelope["SequenceNumber"] = note.sequence
    envelope["TopicArn"] = subscription.topic.arn
    if note.subject:
        envelope["Subject"] = note.subject
    envelope.update(Message=text, Timestamp=note.at, **_signed(subscription, "URL"))
    if note.attributes:
        envelope["MessageAttributes"] = _told(note)
    return json.dumps(envelope, indent=2, separators=(",", " : "))


def _event(subscription: Any, note: Note) -> dict[str, Any]:
    """What a function gets.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html, checked_on 2026-11-22
    """
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription.arn,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": note.id,
                    "TopicArn": subscription.topic.arn,
                    "Subject": note.subject,
                    "Message": note.text_for("lambda"),
                    "Timestamp": note.at,
                    **_signed(subscription, "Url"),
                    "MessageAttributes": _told(note),
                },
            }
        ]
    }


def _signed(subscription: Any, url: str) -> dict[str, str]:
    """SNS's signature in form alone: nobody can sign for SNS here."""
    home = f"https://sns.{subscription.topic.arn.split(':')[3]}.amazonaws.com"
    return {
        "SignatureVersion": "1",
        "Signature": base64.b64encode(b"not signed: an emulated topic").decode(),
        f"SigningCert{url}": f"{home}/SimpleNotificationService-0000000000000000000000000000000.pem",
        f"Unsubscribe{url}": f"{home}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
    }


def _told(note: Note) -> dict[str, dict[str, str]]:
    return {name: {"Type": _type(each), "Value": _text(each)} for name, each in note.attributes.items()}


def _type(attribute: Mapping[str, Any]) -> str:
    return str(attribute.get("Type", "String"))


def _text(attribute: Mapping[str, Any]) -> str:
    value = attribute.get("Value")
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _value(attribute: Mapping[str, Any]) -> Any:
    """An attribute's value as a filter policy compares it."""
    text = _text(attribute)
    if _type(attribute).startswith("Number"):
        number = float(text)
        return int(number) if number.is_integer() else number
    return parsed(text) if _type(attribute) == "String.Array" else text


def _for_queue(attribute: Mapping[str, Any]) -> dict[str, Any]:
    kind = _type(attribute)
    if kind.startswith("Binary"):
        value = attribute.get("Value")
        return {"DataType": kind, "BinaryValue": value if isinstance(value, bytes) else base64.b64decode(str(value))}
    return {"DataType": "String" if kind == "String.Array" else kind, "StringValue": _text(attribute)}


def _is_raw(subscription: Any) -> bool:
    return str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"


def _deduplication(topic: Any, message: str, given: str | None) -> str | None:
    if not _is_on(topic.fifo_topic):
        return None
    return given or (
        hashlib.sha256(message.encode()).hexdigest() if _is_on(topic.content_based_deduplication) else None
    )


def _is_duplicate(topic: Any, note: Note, deliveries: Deliveries) -> bool:
    if not note.deduplication:
        return False
    seen = topic.__dict__.setdefault("preflight_seen", {})
    now = deliveries.now().timestamp()
    before = seen.get(note.deduplication)
    if before is not None and now - before < 300:
        return True
    seen[note.deduplication] = now
    return False


def _refuse_unstructured(message: str) -> None:
    from moto.sns.exceptions import InvalidParameterValue

    by_protocol = parsed(message)
    if not isinstance(by_protocol, dict):
        raise InvalidParameterValue("Invalid parameter: Message Structure - JSON message body failed to parse")
    if "default" not in by_protocol:
        raise InvalidParameterValue("Invalid parameter: Message Structure - No default entry in JSON message body")


def _without_cidr(policy: Any) -> Any:
    if isinstance(policy, Mapping):
        return {"prefix": "10."} if set(policy) == {"cidr"} else {n: _without_cidr(each) for n, each in policy.items()}
    return [_without_cidr(each) for each in policy] if isinstance(policy, list) else policy


def _is_on(value: Any) -> bool:
    return re.fullmatch(r"(?i)true", str(value)) is not None
