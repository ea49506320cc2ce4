"""AWS::IAM::Policy, AWS::IAM::ManagedPolicy and AWS::IAM::InstanceProfile."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, given, properties, suppress_code

_PRINCIPALS = {"Roles": ("role", "RoleName"), "Users": ("user", "UserName"), "Groups": ("group", "GroupName")}
_MAX_POLICY_VERSIONS = 5


class InlinePolicyProvider(ApiProvider):
    """Policies inside roles, users and groups; their id is the policy's name with a suffix, as AWS's is."""

    service = "iam"
    handled = properties("Groups PolicyDocument PolicyName Roles Users")

    def make(self, _client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Give it an id; it exists in its principals only."""
        return ProvisionedResource(physical_id=request.generated_name, attributes={"Id": request.generated_name})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put it into its principals, and take it out of those it no longer has."""
        wanted = request.properties
        kept = set(_principals(wanted)) if before.get("PolicyName") == wanted["PolicyName"] else set()
        for kind, argument, name in sorted(set(_principals(before)) - kept):
            getattr(client, f"delete_{kind}_policy")(**{argument: name}, PolicyName=before["PolicyName"])
        for kind, argument, name in _principals(wanted):
            getattr(client, f"put_{kind}_policy")(
                **{argument: name},
                PolicyName=wanted["PolicyName"],
                PolicyDocument=json.dumps(wanted["PolicyDocument"]),
            )
        return resource

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Take it out of its principals, as far as they are there."""
        for kind, argument, name in _principals(request.properties):
            with suppress_code("NoSuchEntity"):
                getattr(client, f"delete_{kind}_policy")(
                    **{argument: name}, PolicyName=request.properties["PolicyName"]
                )


class ManagedPolicyProvider(ApiProvider):
    """Managed policies of the account."""

    service = "iam"
    handled = properties("Description Groups ManagedPolicyName Path PolicyDocument Roles Users")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the policy."""
        policy = client.create_policy(
            PolicyName=request.properties.get("ManagedPolicyName", request.generated_name),
            PolicyDocument=json.dumps(request.properties["PolicyDocument"]),
            **given(request.properties, "Path", "Description"),
        )["Policy"]
        arn = policy["Arn"]
        return ProvisionedResource(physical_id=arn, attributes={"PolicyArn": arn, "PolicyId": policy["PolicyId"]})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Make a new default version of a changed document, and attach the policy to its principals."""
        arn, wanted = resource.physical_id, request.properties
        if before and before["PolicyDocument"] != wanted["PolicyDocument"]:
            self._new_version(client, arn, wanted["PolicyDocument"])
        old, new = set(_principals(before)), set(_principals(wanted))
        for kind, argument, name in sorted(old - new):
            getattr(client, f"detach_{kind}_policy")(**{argument: name}, PolicyArn=arn)
        for kind, argument, name in sorted(new - old):
            getattr(client, f"attach_{kind}_policy")(**{argument: name}, PolicyArn=arn)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Detach the policy from whatever has it and delete it with its versions."""
        arn = resource.physical_id
        entities = client.list_entities_for_policy(PolicyArn=arn)
        for kind, argument in _PRINCIPALS.values():
            for entity in entities[f"Policy{kind.capitalize()}s"]:
                getattr(client, f"detach_{kind}_policy")(**{argument: entity[argument]}, PolicyArn=arn)
        for version in client.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        client.delete_policy(PolicyArn=arn)

    @staticmethod
    def _new_version(client: Any, arn: str, document: Any) -> None:
        versions = client.list_policy_versions(PolicyArn=arn)["Versions"]
        if len(versions) >= _MAX_POLICY_VERSIONS:
            oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
            client.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
        client.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)


class InstanceProfileProvider(ApiProvider):
    """Instance profiles, each with one role."""

    service = "iam"
    handled = properties("InstanceProfileName Path Roles")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the profile."""
        profile = client.create_instance_profile(
            InstanceProfileName=request.properties.get("InstanceProfileName", request.generated_name),
            **given(request.properties, "Path"),
        )["InstanceProfile"]
        return ProvisionedResource(physical_id=profile["InstanceProfileName"], attributes={"Arn": profile["Arn"]})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Exchange its roles."""
        name, old, new = resource.physical_id, before.get("Roles", []), request.properties["Roles"]
        for role in [role for role in old if role not in new]:
            client.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
        for role in [role for role in new if role not in old]:
            client.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the profile."""
        profile = client.get_instance_profile(InstanceProfileName=resource.physical_id)["InstanceProfile"]
        for role in profile["Roles"]:
            client.remove_role_from_instance_profile(
                InstanceProfileName=resource.physical_id, RoleName=role["RoleName"]
            )
        client.delete_instance_profile(InstanceProfileName=resource.physical_id)


def _principals(properties: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for property_, (kind, argument) in _PRINCIPALS.items():
        for name in properties.get(property_, []):
            yield kind, argument, name
