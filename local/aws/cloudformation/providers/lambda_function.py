"""AWS::Lambda::Function: kept and described. The local AWS runs no function."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, as_tag_map, given, properties, tag_changes

_SETTINGS = [
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
]


class FunctionProvider(ApiProvider):
    """Functions."""

    service = "lambda"
    handled = properties("Architectures Code FunctionName PackageType Tags", *_SETTINGS)

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the function with its code."""
        made = client.create_function(
            FunctionName=request.properties.get("FunctionName", request.generated_name),
            Code=_code(request.properties),
            **given(request.properties, "Architectures", "PackageType", *_SETTINGS),
        )
        return ProvisionedResource(physical_id=made["FunctionName"], attributes={"Arn": made["FunctionArn"]})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put changed code, settings and tags."""
        name, wanted = resource.physical_id, request.properties
        if before and before["Code"] != wanted["Code"]:
            client.update_function_code(FunctionName=name, **_code(wanted))
        if before:
            client.update_function_configuration(FunctionName=name, **given(wanted, *_SETTINGS))
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_resource(Resource=resource.attributes["Arn"], Tags=as_tag_map(added))
        if removed:
            client.untag_resource(Resource=resource.attributes["Arn"], TagKeys=removed)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the function."""
        client.delete_function(FunctionName=resource.physical_id)


def _code(wanted: Mapping[str, Any]) -> dict[str, Any]:
    code = wanted["Code"]
    if "ZipFile" not in code:
        return given(code, "ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion")
    suffix = "py" if str(wanted.get("Runtime", "")).startswith("python") else "js"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(f"index.{suffix}", code["ZipFile"])
    return {"ZipFile": archive.getvalue()}
