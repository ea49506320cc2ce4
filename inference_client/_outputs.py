"""The outputs of a deployed stack, from wherever they can be read. What the keys mean, it does not know."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ._aws import control_plane_config, make_client, translated
from ._options import ClientOptions
from .errors import ConfigurationError, StackNotDeployedError, StackNotReadyError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# An update that runs or was rolled back leaves the former version's outputs in force.
_USABLE = re.compile(r"(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE|UPDATE_.*|IMPORT_.*")
_BEING_CREATED = ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS")


def of_stack(stack_name: str, *, session: boto3.session.Session | None = None) -> dict[str, str]:
    """The outputs of a CloudFormation stack; see :meth:`EndpointAddress.from_stack` for the errors."""
    with _client("cloudformation", session, what=f"stack {stack_name}") as client:
        cloudformation: CloudFormationClient = client
        try:
            stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                raise StackNotDeployedError(
                    f"There is no stack {stack_name} in {cloudformation.meta.region_name}. Deploy it, or check the "
                    "name, the account and the region."
                ) from error
            raise
        status = stack["StackStatus"]
        if not _USABLE.fullmatch(status):
            raise StackNotReadyError(_not_ready(cloudformation, stack), stack_status=status)
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def stack_names(pattern: re.Pattern[str], *, session: boto3.session.Session | None = None) -> list[str]:
    """The names of the stacks of this account and region that match ``pattern``, whatever their status."""
    with _client("cloudformation", session, what="the stacks") as client:
        pages = client.get_paginator("describe_stacks").paginate()
        names = (stack["StackName"] for page in pages for stack in page["Stacks"])
        return sorted(name for name in names if pattern.fullmatch(name))


def of_file(path: Path, *, stack_name: str | None = None) -> tuple[str, dict[str, str]]:
    """The name and outputs of one stack in a file of ``cdk deploy --outputs-file``."""
    try:
        stacks = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StackNotDeployedError(
            f"There is no outputs file {path}. Write it with: cdk deploy --outputs-file {path}"
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as an outputs file: {error}.") from error
    if not isinstance(stacks, Mapping) or not all(isinstance(outputs, Mapping) for outputs in stacks.values()):
        raise ConfigurationError(f'{path} is no outputs file; it should be {{"stack name": {{"output": "value"}}}}.')
    endpoints = [name for name, outputs in stacks.items() if "EndpointName" in outputs]
    chosen = endpoints if stack_name is None else [name for name in stacks if name == stack_name]
    if not chosen:
        wanted = f"no stack {stack_name}" if stack_name else "no stack with an EndpointName"
        raise StackNotDeployedError(f"{path} has {wanted}; it has: {', '.join(sorted(stacks)) or 'none'}.")
    if len(chosen) > 1:
        raise ConfigurationError(f"{path} has several endpoints; pass stack_name, one of: {', '.join(chosen)}.")
    return str(chosen[0]), {str(key): str(value) for key, value in stacks[chosen[0]].items()}


def of_ssm(path: str, *, session: boto3.session.Session | None = None) -> dict[str, str]:
    """The parameters directly under ``path``, by their last name."""
    if not re.fullmatch(r"(/[\w.-]+)+/?", path):
        raise ConfigurationError(f"SSM path {path!r}: allowed is a path as /llm-twin/dev.")
    with _client("ssm", session, what=f"SSM path {path}") as client:
        pages = client.get_paginator("get_parameters_by_path").paginate(Path=path.rstrip("/"))
        found = {item["Name"].rsplit("/", 1)[-1]: item["Value"] for page in pages for item in page["Parameters"]}
        if not found:
            raise StackNotDeployedError(
                f"There are no SSM parameters under {path} in {client.meta.region_name}. Deploy the stack, or check "
                "the path, the account and the region."
            )
        return found


@contextmanager
def _client(service: str, session: boto3.session.Session | None, *, what: str) -> Iterator[Any]:
    with translated(what):
        client = make_client(
            session or boto3.session.Session(), service, region=None, config=control_plane_config(ClientOptions())
        )
        try:
            yield client
        finally:
            client.close()


def _not_ready(cloudformation: "CloudFormationClient", stack: "StackTypeDef") -> str:
    name, status = stack["StackName"], stack["StackStatus"]
    if status in _BEING_CREATED:
        return f"Stack {name} is still being created ({status}). Wait for its deployment to end."
    if status.startswith("DELETE"):
        return f"Stack {name} is being deleted ({status}). Deploy it again."
    reason = _first_failure(cloudformation, name) or stack.get("StackStatusReason") or "no reason given"
    return f"Stack {name} failed ({status}): {reason.rstrip('.')}. Correct that, destroy the stack and deploy it again."


def _first_failure(cloudformation: "CloudFormationClient", stack_name: str) -> str | None:
    """The event that began the failure: the oldest failed one that is no consequence of another."""
    try:
        events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    except ClientError:
        # Not allowed to read events: the status is still worth saying.
        return None
    for event in reversed(events):
        reason = event.get("ResourceStatusReason", "")
        if event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason.lower():
            return f"{event.get('LogicalResourceId')}: {reason}"
    return None
