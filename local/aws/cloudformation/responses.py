"""CloudFormation's wire: requests read, answers and errors written, by moto's protocol code and botocore's shapes.

What a request does is in :mod:`local.aws.cloudformation.service`; here is one method for each action of the API.
"""

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from local.aws.cloudformation import descriptions
from local.aws.cloudformation.accounts import Accounts
from local.aws.cloudformation.change_set import ChangeSet
from local.aws.cloudformation.definitions import StackRequest, required_capabilities
from local.aws.cloudformation.deployment import FailurePolicy
from local.aws.cloudformation.errors import CloudFormationError, ValidationError
from local.aws.cloudformation.parameters import GivenParameter
from local.aws.cloudformation.service import ChangeSetRequest, CloudFormation
from local.aws.cloudformation.stack import STACK_TYPE, Stack
from local.aws.cloudformation.template import parse


class _ApiError(ServiceException):
    """An error of CloudFormation's as moto writes it; moto takes a class of its own for an error of another service."""


class CloudFormationResponse(BaseResponse):
    """Answers one request to CloudFormation."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True
        self._accounts = accounts

    def call_action(self) -> Any:
        """Answer the request, an error of CloudFormation's included."""
        try:
            return super().call_action()
        except CloudFormationError as error:
            status, headers, body = self.serialized(ActionResult(_ApiError(error.code, str(error))))
            return status, *self._enrich_response(headers, body)

    # Change sets

    def create_change_set(self) -> ActionResult:
        """CreateChangeSet."""
        change_set = self._service.create_change_set(
            self._stack_request(),
            ChangeSetRequest(
                name=self._required("ChangeSetName"),
                type=self._get_param("ChangeSetType", "UPDATE"),
                description=self._get_param("Description"),
                include_nested_stacks=self._get_param("IncludeNestedStacks", False),
                on_stack_failure=self._get_param("OnStackFailure"),
            ),
        )
        return ActionResult({"Id": change_set.id, "StackId": change_set.stack.id})

    def describe_change_set(self) -> ActionResult:
        """DescribeChangeSet."""
        with_values = self._get_param("IncludePropertyValues", False)
        return ActionResult(descriptions.describe_change_set(self._change_set(), with_values=with_values))

    def execute_change_set(self) -> ActionResult:
        """ExecuteChangeSet."""
        self._service.execute_change_set(
            self._change_set(),
            disable_rollback=self._get_param("DisableRollback"),
            retain_except_on_create=self._get_param("RetainExceptOnCreate", False),
        )
        return EmptyResult()

    def delete_change_set(self) -> ActionResult:
        """DeleteChangeSet; of one that is not there, nothing, as in AWS."""
        name, stack_name = self._required("ChangeSetName"), self._get_param("StackName")
        stack = self._service.find(stack_name) if stack_name else None
        for change_set in self._service.change_sets.of_stack(stack) if stack else [self._change_set()]:
            if name in (change_set.name, change_set.id):
                self._service.delete_change_set(change_set)
        return EmptyResult()

    def list_change_sets(self) -> ActionResult:
        """ListChangeSets."""
        found = self._service.change_sets.of_stack(self._stack())
        return ActionResult({"Summaries": [descriptions.summarize_change_set(change_set) for change_set in found]})

    # Stacks

    def create_stack(self) -> ActionResult:
        """CreateStack."""
        on_failure = self._get_param("OnFailure", "ROLLBACK")
        policy = FailurePolicy(
            roll_back=on_failure != "DO_NOTHING" and not self._get_param("DisableRollback", False),
            delete_after_rollback=on_failure == "DELETE",
            retain_except_on_create=self._get_param("RetainExceptOnCreate", False),
        )
        protection = self._get_param("EnableTerminationProtection", False)
        stack = self._service.create_stack(self._stack_request(), policy, termination_protection=protection)
        return ActionResult({"StackId": stack.id})

    def update_stack(self) -> ActionResult:
        """UpdateStack."""
        policy = FailurePolicy(
            roll_back=not self._get_param("DisableRollback", False),
            retain_except_on_create=self._get_param("RetainExceptOnCreate", False),
        )
        return ActionResult({"StackId": self._service.update_stack(self._stack_request(), policy).id})

    def delete_stack(self) -> ActionResult:
        """DeleteStack."""
        self._service.delete_stack(
            self._required("StackName"),
            retain=frozenset(self._get_param("RetainResources", [])),
            force=self._get_param("DeletionMode") == "FORCE_DELETE_STACK",
        )
        return EmptyResult()

    def rollback_stack(self) -> ActionResult:
        """RollbackStack."""
        retain_except_on_create = self._get_param("RetainExceptOnCreate", False)
        stack = self._service.roll_back_stack(
            self._required("StackName"), retain_except_on_create=retain_except_on_create
        )
        return ActionResult({"StackId": stack.id})

    def continue_update_rollback(self) -> ActionResult:
        """ContinueUpdateRollback."""
        stack = self._stack()
        skip = frozenset(self._get_param("ResourcesToSkip", []))
        if self._get_param("ForceRollback", False):
            skip |= {resource.logical_id for resource in stack.resources.values() if resource.status == "UPDATE_FAILED"}
        self._service.continue_update_rollback(stack.id, skip=skip)
        return EmptyResult()

    def update_termination_protection(self) -> ActionResult:
        """UpdateTerminationProtection."""
        stack = self._stack()
        stack.termination_protection = self._get_param("EnableTerminationProtection")
        return ActionResult({"StackId": stack.id})

    def describe_stacks(self) -> ActionResult:
        """DescribeStacks."""
        if self._get_param("StackName"):
            return ActionResult({"Stacks": [descriptions.describe_stack(self._stack())]})
        stacks = [stack for stack in self._service.stacks.all() if not stack.is_deleted]
        return ActionResult({"Stacks": [descriptions.describe_stack(stack) for stack in stacks]})

    def list_stacks(self) -> ActionResult:
        """ListStacks."""
        wanted = self._get_param("StackStatusFilter", [])
        stacks = [stack for stack in self._service.stacks.all() if not wanted or stack.status in wanted]
        return ActionResult({"StackSummaries": [descriptions.summarize_stack(stack) for stack in stacks]})

    # What a stack holds

    def describe_stack_events(self) -> ActionResult:
        """DescribeStackEvents."""
        name = self._required("StackName")
        stack = self._service.stacks.find(name)
        if stack is None:
            raise ValidationError(f"Stack [{name}] does not exist")
        return ActionResult({"StackEvents": [descriptions.describe_event(stack, event) for event in stack.events]})

    def describe_events(self) -> ActionResult:
        """DescribeEvents: what the validation of a change set found, or what failed or happened in a stack."""
        if self._get_param("ChangeSetName"):
            change_set = self._change_set()
            found = [
                descriptions.describe_validation_event(change_set, event) for event in change_set.validation_events
            ]
            return ActionResult({"OperationEvents": found})
        stack, operation_id = self._stack(), self._get_param("OperationId")
        only_failed = (self._get_param("Filters") or {}).get("FailedEvents", False)
        events = [
            {
                **descriptions.describe_event(stack, event),
                "EventType": "STACK_EVENT" if event.type == STACK_TYPE else "PROGRESS_EVENT",
            }
            for event in stack.events
            if operation_id in (None, event.operation_id) and (not only_failed or event.status.endswith("_FAILED"))
        ]
        return ActionResult({"OperationEvents": events})

    def describe_stack_resource(self) -> ActionResult:
        """DescribeStackResource."""
        stack, logical_id = self._stack(), self._required("LogicalResourceId")
        resource = stack.resources.get(logical_id)
        if resource is None:
            raise ValidationError(f"Resource {logical_id} does not exist for stack {stack.name}")
        return ActionResult({"StackResourceDetail": descriptions.describe_resource(stack, resource)})

    def describe_stack_resources(self) -> ActionResult:
        """DescribeStackResources."""
        stack, physical_id = self._stack_of_resources()
        logical_id = self._get_param("LogicalResourceId")
        found = [
            descriptions.describe_resource(stack, resource)
            for resource in stack.resources.values()
            if logical_id in (None, resource.logical_id) and physical_id in (None, resource.physical_id)
        ]
        if logical_id is not None and not found:
            raise ValidationError(f"Resource {logical_id} does not exist for stack {stack.name}")
        return ActionResult({"StackResources": found})

    def list_stack_resources(self) -> ActionResult:
        """ListStackResources."""
        stack = self._stack()
        found = [descriptions.describe_resource(stack, resource) for resource in stack.resources.values()]
        return ActionResult({"StackResourceSummaries": found})

    def get_template(self) -> ActionResult:
        """GetTemplate: the text exactly as it was given."""
        if self._get_param("ChangeSetName"):
            body = self._change_set().target.template.body
        else:
            definition = self._stack().definition
            body = definition.template.body if definition else ""
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        """GetTemplateSummary."""
        if self._get_param("StackName"):
            definition = self._stack().definition
            template = definition.template if definition else parse("{}")
        else:
            template = parse(self._template_text())
        return ActionResult(
            {
                "Parameters": descriptions.describe_declared_parameters(template),
                "Description": template.description,
                "Capabilities": required_capabilities(template),
                "ResourceTypes": sorted({definition.type for definition in template.resources.values()}),
                "DeclaredTransforms": list(template.transforms),
            }
        )

    def validate_template(self) -> ActionResult:
        """ValidateTemplate."""
        template = parse(self._template_text())
        return ActionResult(
            {
                "Parameters": descriptions.describe_declared_parameters(template),
                "Description": template.description,
                "Capabilities": required_capabilities(template),
                "DeclaredTransforms": list(template.transforms),
            }
        )

    # What stacks share

    def list_exports(self) -> ActionResult:
        """ListExports."""
        exports = self._service.stacks.exports().items()
        found = [
            {"ExportingStackId": stack.id, "Name": name, "Value": output.value} for name, (stack, output) in exports
        ]
        return ActionResult({"Exports": found})

    def list_imports(self) -> ActionResult:
        """ListImports."""
        name = self._required("ExportName")
        importers = self._service.stacks.importers(name)
        if not importers:
            raise ValidationError(f"Export '{name}' is not imported by any stack.")
        return ActionResult({"Imports": importers})

    def list_hook_results(self) -> ActionResult:
        """ListHookResults: there are no hooks here, so none ever ran."""
        return ActionResult(
            {"TargetType": self._get_param("TargetType"), "TargetId": self._get_param("TargetId"), "HookResults": []}
        )

    @property
    def _service(self) -> CloudFormation:
        return self._accounts.of(self.current_account, self.region, self.partition)

    def _required(self, name: str) -> Any:
        value = self._get_param(name)
        if value is None:
            raise ValidationError(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must not be null"
            )
        return value

    def _stack(self) -> Stack:
        return self._service.find(self._required("StackName"))

    def _stack_of_resources(self) -> tuple[Stack, str | None]:
        if self._get_param("StackName"):
            return self._stack(), None
        physical_id = self._required("PhysicalResourceId")
        for stack in self._service.stacks.all():
            if any(resource.physical_id == physical_id for resource in stack.resources.values()):
                return stack, physical_id
        raise ValidationError(f"Stack for {physical_id} does not exist")

    def _change_set(self) -> ChangeSet:
        stack_name = self._get_param("StackName")
        stack = self._service.find(stack_name) if stack_name else None
        return self._service.change_sets.find(self._required("ChangeSetName"), stack)

    def _stack_request(self) -> StackRequest:
        tags = self._get_param("Tags")
        arns = self._get_param("NotificationARNs")
        return StackRequest(
            stack_name=self._required("StackName"),
            template_body=self._get_param("TemplateBody"),
            template_url=self._get_param("TemplateURL"),
            use_previous_template=self._get_param("UsePreviousTemplate", False),
            parameters=tuple(
                GivenParameter(
                    key=parameter["ParameterKey"],
                    value=parameter.get("ParameterValue"),
                    use_previous_value=parameter.get("UsePreviousValue", False),
                )
                for parameter in self._get_param("Parameters", [])
            ),
            tags=None if tags is None else {tag["Key"]: tag["Value"] for tag in tags},
            capabilities=tuple(self._get_param("Capabilities", [])),
            role_arn=self._get_param("RoleARN"),
            notification_arns=None if arns is None else tuple(arns),
        )

    def _template_text(self) -> str:
        body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
        return self._service.template_text(StackRequest(stack_name="", template_body=body, template_url=url))
