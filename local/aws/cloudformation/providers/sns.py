"""AWS::SNS::Topic, AWS::SNS::Subscription and AWS::SNS::TopicPolicy."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import (
    ApiProvider,
    already_exists,
    as_tag_list,
    given,
    properties,
    suppress_code,
    tag_changes,
)

_TOPIC_SETTINGS = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig", "ContentBasedDeduplication")
_SUBSCRIPTION_SETTINGS = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


class TopicProvider(ApiProvider):
    """Topics, with the subscriptions that the template lists inside them."""

    service = "sns"
    handled = properties("FifoTopic Subscription Tags TopicName", *_TOPIC_SETTINGS)

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the topic."""
        is_fifo = request.properties.get("FifoTopic", False)
        name = request.properties.get("TopicName", request.generated_name + (".fifo" if is_fifo else ""))
        if any(topic["TopicArn"].endswith(f":{name}") for topic in client.list_topics()["Topics"]):
            raise already_exists(request, name)
        arn = client.create_topic(Name=name, Attributes={"FifoTopic": "true"} if is_fifo else {})["TopicArn"]
        return ProvisionedResource(physical_id=arn, attributes={"TopicArn": arn, "TopicName": name})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its attributes, subscriptions and tags."""
        arn, wanted = resource.physical_id, request.properties
        for name in _TOPIC_SETTINGS:
            if wanted.get(name) != before.get(name):
                client.set_topic_attributes(
                    TopicArn=arn, AttributeName=name, AttributeValue=_text(wanted.get(name, ""))
                )
        self._configure_subscriptions(client, arn, before.get("Subscription", []), wanted.get("Subscription", []))
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_resource(ResourceArn=arn, Tags=as_tag_list(added))
        if removed:
            client.untag_resource(ResourceArn=arn, TagKeys=removed)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the topic with its subscriptions."""
        for subscription in client.list_subscriptions_by_topic(TopicArn=resource.physical_id)["Subscriptions"]:
            client.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        client.delete_topic(TopicArn=resource.physical_id)

    @staticmethod
    def _configure_subscriptions(client: Any, arn: str, before: list[Any], wanted: list[Any]) -> None:
        for subscription in [s for s in wanted if s not in before]:
            client.subscribe(TopicArn=arn, Protocol=subscription["Protocol"], Endpoint=subscription["Endpoint"])
        gone = [(s["Protocol"], s["Endpoint"]) for s in before if s not in wanted]
        for subscription in client.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] if gone else []:
            if (subscription["Protocol"], subscription["Endpoint"]) in gone:
                client.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


class SubscriptionProvider(ApiProvider):
    """Subscriptions to topics."""

    service = "sns"
    handled = properties("Endpoint Protocol TopicArn", *_SUBSCRIPTION_SETTINGS)

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Subscribe."""
        subscription = client.subscribe(
            **given(request.properties, "TopicArn", "Protocol", "Endpoint"), ReturnSubscriptionArn=True
        )
        arn = subscription["SubscriptionArn"]
        return ProvisionedResource(physical_id=arn, attributes={"Arn": arn})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its attributes."""
        for name in _SUBSCRIPTION_SETTINGS:
            if request.properties.get(name) != before.get(name):
                value = _text(request.properties.get(name, {}))
                client.set_subscription_attributes(
                    SubscriptionArn=resource.physical_id, AttributeName=name, AttributeValue=value
                )
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Unsubscribe."""
        client.unsubscribe(SubscriptionArn=resource.physical_id)


class TopicPolicyProvider(ApiProvider):
    """One policy put on topics."""

    service = "sns"
    handled = properties("PolicyDocument Topics")

    def make(self, _client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Give it an id; it exists in its topics only."""
        return ProvisionedResource(physical_id=request.generated_name, attributes={"Id": request.generated_name})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, _before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put the policy on its topics."""
        for arn in request.properties["Topics"]:
            policy = json.dumps(request.properties["PolicyDocument"])
            client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        return resource

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Leave the topics with a policy that grants nothing; those that are gone need none."""
        for arn in request.properties["Topics"]:
            with suppress_code("NotFound"):
                client.set_topic_attributes(
                    TopicArn=arn,
                    AttributeName="Policy",
                    AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": []}),
                )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
