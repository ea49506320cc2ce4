"""From a request to what a stack is asked to be: its template read, its parameters resolved, its demands checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from local.aws.cloudformation.errors import InsufficientCapabilitiesError, ValidationError
from local.aws.cloudformation.lookups import AccountLookups
from local.aws.cloudformation.parameters import GivenParameter, resolve_parameters
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.stack import StackDefinition
from local.aws.cloudformation.template import Template, parse

T = TypeVar("T")

_MAX_BODY_BYTES = 51_200
_NAMED_IAM: Mapping[str, str | None] = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}


@dataclass(frozen=True, kw_only=True)
class StackRequest:
    """What a request says about the stack it wants; None stands for what it leaves out."""

    stack_name: str
    template_body: str | None = None
    template_url: str | None = None
    use_previous_template: bool = False
    parameters: tuple[GivenParameter, ...] = ()
    tags: Mapping[str, str] | None = None
    capabilities: tuple[str, ...] = ()
    role_arn: str | None = None
    notification_arns: tuple[str, ...] | None = None


class Definitions:
    """Makes stack definitions, and refuses those that cannot be."""

    def __init__(self, *, lookups: AccountLookups, schemas: SchemaCatalogue, available_types: frozenset[str]) -> None:
        self._lookups = lookups
        self._schemas = schemas
        self._available_types = available_types

    def make(self, request: StackRequest, previous: StackDefinition | None) -> StackDefinition:
        """Make the definition that a request asks for, over the stack's own where it has one.

        Raises:
            CloudFormationError: the template, the parameters or the capabilities are refused.
        """
        template = parse(self.template_text(request, previous))
        self._check_types(template)
        _check_capabilities(template, request.capabilities)
        parameters = resolve_parameters(
            template.parameters,
            request.parameters,
            previous=previous.parameters if previous else {},
            look_up=self._lookups.parameters,
        )
        return StackDefinition(
            template=template,
            parameters=parameters,
            tags=_kept(request.tags, previous.tags if previous else None, {}),
            capabilities=request.capabilities,
            role_arn=_kept(request.role_arn, previous.role_arn if previous else None, None),
            notification_arns=_kept(request.notification_arns, previous.notification_arns if previous else None, ()),
        )

    def template_text(self, request: StackRequest, previous: StackDefinition | None) -> str:
        """The text of the template that a request names, in whichever of the three ways."""
        given = [request.template_body is not None, request.template_url is not None, request.use_previous_template]
        if sum(given) != 1:
            raise ValidationError("Either Template URL or Template Body must be specified, and only one of them.")
        if request.template_url is not None:
            return self._lookups.template_body(request.template_url)
        if request.template_body is not None:
            if len(request.template_body.encode()) > _MAX_BODY_BYTES:
                raise ValidationError(
                    "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                    f"Member must have length less than or equal to {_MAX_BODY_BYTES}"
                )
            return request.template_body
        if previous is None:
            raise ValidationError("There is no previous template to use.")
        return previous.template.body

    def _check_types(self, template: Template) -> None:
        types = {definition.type for definition in template.resources.values()}
        missing = sorted(types - self._available_types)
        if not missing:
            return
        message = f"Template format error: Unrecognized resource types: [{', '.join(missing)}]."
        if custom := [type_ for type_ in missing if type_.startswith(("Custom::", "AWS::CloudFormation::CustomRes"))]:
            here = ", ".join(sorted(type_ for type_ in self._available_types if type_.startswith("Custom::")))
            message += (
                f" {', '.join(custom)}: the local AWS runs no Lambda functions; of custom resources it has {here}."
            )
        elif known := [type_ for type_ in missing if type_ in self._schemas]:
            message += f" AWS has {', '.join(known)}; the local AWS does not."
        raise ValidationError(message)


def _kept(wanted: T | None, previous: T | None, default: T) -> T:
    """What a request says, or else what the stack has, or else the default."""
    return wanted if wanted is not None else previous if previous is not None else default


def required_capabilities(template: Template) -> list[str]:
    """The capabilities of which a request must have one for this template: none, or the one that it needs."""
    iam = [definition for definition in template.resources.values() if definition.type in _NAMED_IAM]
    if any(_NAMED_IAM[definition.type] in definition.properties for definition in iam):
        return ["CAPABILITY_NAMED_IAM"]
    return ["CAPABILITY_IAM"] if iam else []


def _check_capabilities(template: Template, given: tuple[str, ...]) -> None:
    required = required_capabilities(template)
    accepted = {"CAPABILITY_NAMED_IAM", *required}
    if required and not accepted & set(given):
        raise InsufficientCapabilitiesError(f"Requires capabilities : [{required[0]}]")
