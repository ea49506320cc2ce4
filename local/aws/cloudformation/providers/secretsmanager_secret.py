"""AWS::SecretsManager::Secret, its value given or generated."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ProvisioningError, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, as_tag_list, given, properties, tag_changes


class SecretProvider(ApiProvider):
    """Secrets. A generated value is made once; it changes only when the way it is generated does."""

    service = "secretsmanager"
    handled = properties("Description GenerateSecretString KmsKeyId Name SecretString Tags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the secret with its value."""
        arn = client.create_secret(
            Name=request.properties.get("Name", request.generated_name),
            SecretString=_value(client, request.properties),
            **given(request.properties, "Description", "KmsKeyId"),
        )["ARN"]
        return ProvisionedResource(physical_id=arn, attributes={"Id": arn})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put a changed value, description and tags."""
        arn, wanted = resource.physical_id, request.properties
        if before:
            client.update_secret(SecretId=arn, Description=wanted.get("Description", ""), **given(wanted, "KmsKeyId"))
            if any(before.get(name) != wanted.get(name) for name in ("SecretString", "GenerateSecretString")):
                client.put_secret_value(SecretId=arn, SecretString=_value(client, wanted))
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_resource(SecretId=arn, Tags=as_tag_list(added))
        if removed:
            client.untag_resource(SecretId=arn, TagKeys=removed)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the secret at once, as CloudFormation does."""
        client.delete_secret(SecretId=resource.physical_id, ForceDeleteWithoutRecovery=True)


def _value(client: Any, wanted: Mapping[str, Any]) -> str:
    if (given_text := wanted.get("SecretString")) is not None:
        return str(given_text)
    how = dict(wanted.get("GenerateSecretString", {}))
    template, key = how.pop("SecretStringTemplate", None), how.pop("GenerateStringKey", None)
    if (template is None) != (key is None):
        raise ProvisioningError(
            "GenerateSecretString takes SecretStringTemplate and GenerateStringKey together or neither of them."
        )
    password = str(client.get_random_password(**how)["RandomPassword"])
    if template is None:
        return password
    try:
        return json.dumps({**json.loads(template), key: password})
    except (ValueError, TypeError) as error:
        raise ProvisioningError(f"SecretStringTemplate must be a JSON object, not {template!r}.") from error
