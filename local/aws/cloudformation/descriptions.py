"""Stacks and change sets as CloudFormation's API describes them: the members of its response shapes.

Plain data only; which protocol carries it is decided elsewhere.
"""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.change_set import ChangeSet, ValidationEvent
from local.aws.cloudformation.differences import PropertyDifference
from local.aws.cloudformation.parameters import ParameterValue
from local.aws.cloudformation.planning import ResourceChange
from local.aws.cloudformation.stack import Stack, StackEvent, StackResource
from local.aws.cloudformation.template import Template

NO_ECHO = "****"
_NOT_CHECKED = "NOT_CHECKED"


def describe_stack(stack: Stack) -> dict[str, Any]:
    """A ``Stack``."""
    definition = stack.definition
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": definition.template.description if definition else None,
        "Parameters": describe_parameters(definition.parameters) if definition else [],
        "CreationTime": stack.creation_time,
        "DeletionTime": stack.deletion_time,
        "LastUpdatedTime": stack.last_updated_time,
        "RollbackConfiguration": {"RollbackTriggers": []},
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": list(definition.notification_arns) if definition else [],
        "Capabilities": list(definition.capabilities) if definition else [],
        "Outputs": [
            {"OutputKey": o.key, "OutputValue": o.value, "Description": o.description, "ExportName": o.export_name}
            for o in stack.outputs
        ],
        "RoleARN": definition.role_arn if definition else None,
        "Tags": describe_tags(definition.tags) if definition else [],
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": {"StackDriftStatus": _NOT_CHECKED},
    }


def summarize_stack(stack: Stack) -> dict[str, Any]:
    """A ``StackSummary``."""
    described = describe_stack(stack)
    names = (
        "StackId",
        "StackName",
        "CreationTime",
        "LastUpdatedTime",
        "DeletionTime",
        "StackStatus",
        "StackStatusReason",
    )
    summary = {name: described[name] for name in (*names, "DriftInformation")}
    return {**summary, "TemplateDescription": described["Description"]}


def describe_event(stack: Stack, event: StackEvent) -> dict[str, Any]:
    """A ``StackEvent``."""
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "EventId": event.id,
        "OperationId": event.operation_id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.timestamp,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.status_reason,
        "ResourceProperties": None if event.properties is None else json.dumps(event.properties, default=str),
    }


def describe_validation_event(change_set: ChangeSet, event: ValidationEvent) -> dict[str, Any]:
    """An ``OperationEvent`` of a change set whose early validation failed."""
    return {
        "EventId": event.id,
        "StackId": change_set.stack.id,
        "OperationType": "CREATE_CHANGESET",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": event.logical_id,
        "ResourceType": event.type,
        "Timestamp": change_set.creation_time,
        "ValidationFailureMode": "FAIL",
        "ValidationName": "PROPERTY_VALIDATION",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": event.reason,
        "ValidationPath": event.path,
    }


def describe_resource(stack: Stack, resource: StackResource) -> dict[str, Any]:
    """A ``StackResource``, which has the members of a ``StackResourceSummary`` and a ``StackResourceDetail`` too."""
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Timestamp": resource.timestamp,
        "LastUpdatedTimestamp": resource.timestamp,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.status_reason,
        "Metadata": json.dumps(resource.definition.metadata) if resource.definition.metadata else None,
        "DriftInformation": {"StackResourceDriftStatus": _NOT_CHECKED},
    }


def describe_change_set(change_set: ChangeSet, *, with_values: bool) -> dict[str, Any]:
    """A ``DescribeChangeSetOutput``."""
    target = change_set.target
    return {
        **summarize_change_set(change_set),
        "Parameters": describe_parameters(target.parameters),
        "NotificationARNs": list(target.notification_arns),
        "RollbackConfiguration": {"RollbackTriggers": []},
        "Capabilities": list(target.capabilities),
        "Tags": describe_tags(target.tags),
        "Changes": [
            {"Type": "Resource", "ResourceChange": _describe_change(change, with_values=with_values)}
            for change in change_set.plan.changes
        ],
        "OnStackFailure": change_set.on_stack_failure,
    }


def summarize_change_set(change_set: ChangeSet) -> dict[str, Any]:
    """A ``ChangeSetSummary``."""
    return {
        "ChangeSetName": change_set.name,
        "ChangeSetId": change_set.id,
        "StackId": change_set.stack.id,
        "StackName": change_set.stack.name,
        "Description": change_set.description,
        "CreationTime": change_set.creation_time,
        "ExecutionStatus": change_set.execution_status,
        "Status": change_set.status,
        "StatusReason": change_set.status_reason,
        "IncludeNestedStacks": change_set.include_nested_stacks,
    }


def describe_parameters(parameters: Mapping[str, ParameterValue]) -> list[dict[str, Any]]:
    """A list of ``Parameter``; a value that is not to be echoed is masked."""
    return [
        {
            "ParameterKey": parameter.key,
            "ParameterValue": NO_ECHO if parameter.no_echo else parameter.given,
            "ResolvedValue": NO_ECHO if parameter.no_echo and parameter.resolved else parameter.resolved,
        }
        for parameter in parameters.values()
    ]


def describe_declared_parameters(template: Template) -> list[dict[str, Any]]:
    """A list of ``ParameterDeclaration``, whose members a ``TemplateParameter`` has too."""
    return [
        {
            "ParameterKey": key,
            "DefaultValue": None if "Default" not in declared else str(declared["Default"]),
            "ParameterType": declared["Type"],
            "NoEcho": str(declared.get("NoEcho", False)).lower() == "true",
            "Description": declared.get("Description"),
            "ParameterConstraints": {"AllowedValues": [str(v) for v in declared["AllowedValues"]]}
            if "AllowedValues" in declared
            else {},
        }
        for key, declared in template.parameters.items()
    ]


def describe_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A list of ``Tag``."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _describe_change(change: ResourceChange, *, with_values: bool) -> dict[str, Any]:
    scope = [*(["Properties"] if change.differences else []), *change.attributes]
    details = [_describe_difference(d, change, with_values=with_values) for d in change.differences]
    details += [_detail({"Attribute": name, "RequiresRecreation": "Never"}) for name in change.attributes]
    return {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": change.physical_id,
        "ResourceType": change.type,
        "Replacement": change.replacement,
        "PolicyAction": change.policy_action,
        "Scope": scope,
        "Details": details,
        "BeforeContext": change.before if with_values else None,
        "AfterContext": change.after if with_values else None,
    }


def _describe_difference(
    difference: PropertyDifference, change: ResourceChange, *, with_values: bool
) -> dict[str, Any]:
    target: dict[str, Any] = {
        "Attribute": "Properties",
        "Name": difference.name,
        "RequiresRecreation": str(difference.recreation),
    }
    if with_values:
        target |= {
            "Path": f"/Properties/{difference.name}",
            "BeforeValue": _shown(difference.before),
            "AfterValue": _shown(difference.after),
            "AttributeChangeType": "Add"
            if difference.before is None
            else "Remove"
            if difference.after is None
            else "Modify",
        }
    return _detail(target, dynamic=difference.is_dynamic, cause=(change.causes or {}).get(difference.name))


def _detail(target: dict[str, Any], *, dynamic: bool = False, cause: str | None = None) -> dict[str, Any]:
    return {
        "Target": target,
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": "ResourceReference" if cause else "DirectModification",
        "CausingEntity": cause,
    }


def _shown(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, default=str)
