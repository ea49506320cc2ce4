"""AWS::IAM::Role with its inline and managed policies."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, as_tag_list, given, properties, tag_changes


class RoleProvider(ApiProvider):
    """Roles."""

    service = "iam"
    handled = properties(
        "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path PermissionsBoundary",
        "Policies RoleName Tags",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the role; its policies come after."""
        role = client.create_role(
            RoleName=request.properties.get("RoleName", request.generated_name),
            AssumeRolePolicyDocument=json.dumps(request.properties["AssumeRolePolicyDocument"]),
            **given(request.properties, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary"),
        )["Role"]
        return ProvisionedResource(
            physical_id=role["RoleName"], attributes={"Arn": role["Arn"], "RoleId": role["RoleId"]}
        )

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Bring trust, description, policies and tags to what is wanted."""
        name, wanted = resource.physical_id, request.properties
        if before:
            client.update_assume_role_policy(
                RoleName=name, PolicyDocument=json.dumps(wanted["AssumeRolePolicyDocument"])
            )
            client.update_role(
                RoleName=name,
                Description=wanted.get("Description", ""),
                MaxSessionDuration=wanted.get("MaxSessionDuration", 3600),
            )
            self._configure_boundary(client, name, before, wanted)
        inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in wanted.get("Policies", [])}
        for policy in before.get("Policies", []):
            if policy["PolicyName"] not in inline:
                client.delete_role_policy(RoleName=name, PolicyName=policy["PolicyName"])
        for policy_name, document in inline.items():
            client.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(document))
        old, new = set(before.get("ManagedPolicyArns", [])), set(wanted.get("ManagedPolicyArns", []))
        for arn in sorted(old - new):
            client.detach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in sorted(new - old):
            client.attach_role_policy(RoleName=name, PolicyArn=arn)
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_role(RoleName=name, Tags=as_tag_list(added))
        if removed:
            client.untag_role(RoleName=name, TagKeys=removed)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the role with what hangs on it."""
        name = resource.physical_id
        for profile in client.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
            client.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
        for policy in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            client.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy_name in client.list_role_policies(RoleName=name)["PolicyNames"]:
            client.delete_role_policy(RoleName=name, PolicyName=policy_name)
        client.delete_role(RoleName=name)

    @staticmethod
    def _configure_boundary(client: Any, name: str, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        old, new = before.get("PermissionsBoundary"), wanted.get("PermissionsBoundary")
        if new and new != old:
            client.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=new)
        elif old and not new:
            client.delete_role_permissions_boundary(RoleName=name)
