"""SNS: topics, who may publish to them, and who listens."""

from __future__ import annotations

import json
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made
from preflight.cloudformation.providers._table import Each, Name, Scope, Setting, Table, Tags, call, passing_over_gone


def _attribute(name: str, otherwise: str = "") -> Setting:
    return Setting(
        call("set_topic_attributes", TopicArn="{ref}", AttributeName=name, AttributeValue="{" + name + "}"),
        otherwise={"AttributeValue": otherwise},
        at_create=False,
    )


def _of_subscription(name: str, otherwise: str = "{}") -> Setting:
    value = "{" + name + "}"
    return Setting(
        call("set_subscription_attributes", SubscriptionArn="{ref}", AttributeName=name, AttributeValue=value),
        otherwise={"AttributeValue": otherwise},
        at_create=False,
    )


class _Listeners(Each):
    """A topic's own subscriptions, found again by what they listen with."""

    def _rendered(self, each_call: Any, table: Table, scope: Scope) -> list[dict[str, Any]]:
        rendered = super()._rendered(each_call, table, scope)
        if each_call is self.add:
            return rendered
        client = scope.context.client("sns")
        there = client.list_subscriptions_by_topic(TopicArn=scope.ref)["Subscriptions"]
        wanted = [(each["Protocol"], each["Endpoint"]) for each in super()._rendered(self.add, table, scope)]
        found = [each for each in there if (each["Protocol"], each["Endpoint"]) in wanted]
        return [{"SubscriptionArn": each["SubscriptionArn"]} for each in found]


class Topic(Table):
    """A topic; a fifo topic's made-up name ends as it must."""

    type = "AWS::SNS::Topic"
    service = "sns"
    named = Name("TopicName", limit=251)
    makes = call(
        "create_topic",
        "Attributes.DisplayName=DisplayName Attributes.KmsMasterKeyId=KmsMasterKeyId Attributes.FifoTopic=FifoTopic "
        "Attributes.ContentBasedDeduplication=ContentBasedDeduplication Attributes.TracingConfig=TracingConfig "
        "Attributes.SignatureVersion=SignatureVersion Attributes.FifoThroughputScope=FifoThroughputScope "
        "Attributes.ArchivePolicy=ArchivePolicy",
        Name="{name}",
    )
    then = (
        _attribute("TracingConfig", "PassThrough"),
        _attribute("SignatureVersion", "1"),
        _attribute("FifoThroughputScope", "Topic"),
        _attribute("ArchivePolicy", "{}"),
        _attribute("DisplayName"),
        _attribute("KmsMasterKeyId"),
        _attribute("ContentBasedDeduplication", "false"),
        _Listeners(
            "Subscription",
            add=call("subscribe", TopicArn="{ref}", Protocol="{item.Protocol}", Endpoint="{item.Endpoint}"),
            remove=call("unsubscribe"),
        ),
    )
    tags = Tags(call("tag_resource", ResourceArn="{ref}"), remove=call("untag_resource", ResourceArn="{ref}"))
    ref = "TopicArn"
    attributes = "TopicArn={ref} TopicName=TopicName"
    unmakes = call("delete_topic", TopicArn="{ref}")
    reads = (
        call("get_topic_attributes", TopicArn="{ref}"),
        call("list_subscriptions_by_topic", TopicArn="{ref}"),
        call("list_tags_for_resource", ResourceArn="{ref}"),
    )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """SNS wants `.fifo` at the end, also of a name that CloudFormation makes."""
        arguments = super().arguments(scope)
        fifo = arguments.get("Attributes", {}).get("FifoTopic") == "true"
        if fifo and not arguments["Name"].endswith(".fifo"):
            arguments["Name"] += ".fifo"
        return arguments

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """Its attributes, listeners and tags, with the name that its ARN tells."""
        answers = super().read(made, declared, context)
        arns = [each["Attributes"]["TopicArn"] for each in answers if "Attributes" in each]
        return [*answers, *({"TopicName": arn.rpartition(":")[2]} for arn in arns)]

    def _attributes(self, scope: Scope, answer: Any) -> dict[str, Any]:
        return {**super()._attributes(scope, answer), "TopicName": scope.ref.rpartition(":")[2]}


# what a topic without a policy of its own has: its account may do everything with it
_OWNERS_ONLY = json.dumps(
    {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
                "Resource": "{item}",
                "Condition": {"StringEquals": {"AWS:SourceOwner": "{account}"}},
            }
        ],
    }
)


class TopicPolicy(Table):
    """One policy on several topics."""

    type = "AWS::SNS::TopicPolicy"
    service = "sns"
    named = Name("", limit=251)
    then = (
        Each(
            "Topics",
            add=call(
                "set_topic_attributes", TopicArn="{item}", AttributeName="Policy", AttributeValue="{PolicyDocument}"
            ),
            remove=call("set_topic_attributes", TopicArn="{item}", AttributeName="Policy", AttributeValue=_OWNERS_ONLY),
        ),
    )
    ref = "{name}"
    attributes = "Id={name}"

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """Each topic's policy."""
        return [context.client("sns").get_topic_attributes(TopicArn=each) for each in declared.peek("Topics", [])]


class TopicInlinePolicy(Table):
    """The policy of one topic."""

    type = "AWS::SNS::TopicInlinePolicy"
    service = "sns"
    makes = call(
        "set_topic_attributes", TopicArn="{TopicArn}", AttributeName="Policy", AttributeValue="{PolicyDocument}"
    )
    then = (
        Setting(
            call("set_topic_attributes", TopicArn="{ref}", AttributeName="Policy", AttributeValue="{PolicyDocument}"),
            at_create=False,
        ),
    )
    ref = "{TopicArn}"

    def read(self, made: Made, declared: Declared, context: Context) -> list[dict[str, Any]]:
        """The topic's policy."""
        return [context.client("sns").get_topic_attributes(TopicArn=made.physical_id)]

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Its account alone may use the topic again."""
        policy = _OWNERS_ONLY.replace("{item}", made.physical_id).replace("{account}", context.account)
        with passing_over_gone():
            context.client("sns").set_topic_attributes(
                TopicArn=made.physical_id, AttributeName="Policy", AttributeValue=policy
            )


class Subscription(Table):
    """One listener of a topic."""

    type = "AWS::SNS::Subscription"
    service = "sns"
    makes = call(
        "subscribe",
        "TopicArn Protocol Endpoint Attributes.FilterPolicy=FilterPolicy Attributes.DeliveryPolicy=DeliveryPolicy "
        "Attributes.FilterPolicyScope=FilterPolicyScope Attributes.RawMessageDelivery=RawMessageDelivery "
        "Attributes.RedrivePolicy=RedrivePolicy Attributes.SubscriptionRoleArn=SubscriptionRoleArn",
        ReturnSubscriptionArn=True,
    )
    then = (
        _of_subscription("FilterPolicy"),
        _of_subscription("DeliveryPolicy"),
        _of_subscription("FilterPolicyScope", "MessageAttributes"),
        _of_subscription("RawMessageDelivery", "false"),
        _of_subscription("RedrivePolicy"),
        _of_subscription("SubscriptionRoleArn", ""),
    )
    ref = "SubscriptionArn"
    attributes = "Arn={ref}"
    unmakes = call("unsubscribe", SubscriptionArn="{ref}")
    reads = (call("get_subscription_attributes", SubscriptionArn="{ref}"),)
