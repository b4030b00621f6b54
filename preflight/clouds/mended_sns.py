"""Mends the emulated SNS: a topic tells every attribute it was given, and takes listeners of known protocols."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html, checked_on 2026-11-22
_PROTOCOLS = {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}


def mends() -> Iterable[tuple[Any, str, Any]]:
    """What moto's responses forget."""
    from moto.sns.exceptions import SNSInvalidParameter
    from moto.sns.responses import SNSResponse

    listen = SNSResponse.subscribe
    make, put, tell = SNSResponse.create_topic, SNSResponse.set_topic_attributes, SNSResponse.get_topic_attributes

    def create_topic(self: Any) -> Any:
        answer = make(self)
        topic = self.backend.get_topic(answer.result["TopicArn"])
        vars(topic).setdefault("preflight_told", {}).update(self._get_attributes() or {})
        return answer

    def set_topic_attributes(self: Any) -> Any:
        answer = put(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        told = vars(topic).setdefault("preflight_told", {})
        told[self._get_param("AttributeName")] = self._get_param("AttributeValue")
        return answer

    def get_topic_attributes(self: Any) -> Any:
        answer = tell(self)
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        held = answer.result["Attributes"]
        kept = {name: each for name, each in vars(topic).get("preflight_told", {}).items() if each}
        answer.result["Attributes"] = {**kept, **held}
        counts = [each for each in self.backend.subscriptions.values() if each.topic is topic]
        answer.result["Attributes"]["SubscriptionsConfirmed"] = str(len(counts))
        return answer

    def subscribe(self: Any) -> Any:
        protocol = self._get_param("Protocol")
        if protocol not in _PROTOCOLS:
            raise SNSInvalidParameter(f"Amazon SNS does not support this protocol string: {protocol}")
        return listen(self)

    for each in (create_topic, set_topic_attributes, get_topic_attributes, subscribe):
        yield SNSResponse, each.__name__, each
