"""Puts together what works on a stack: plans, deployments, deletions, rollbacks, each with what it needs."""

from collections.abc import Callable, Mapping

from local.aws.cloudformation.deletion import StackDeletion
from local.aws.cloudformation.deployment import Deployment, FailurePolicy
from local.aws.cloudformation.lookups import AccountLookups
from local.aws.cloudformation.planning import Plan, make_plan
from local.aws.cloudformation.provider import ResourceProvider
from local.aws.cloudformation.provisioner import Provisioner
from local.aws.cloudformation.rollback import Rollback
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.scope import ResourceLookUp, StackScope
from local.aws.cloudformation.stack import Stack, StackDefinition
from local.aws.cloudformation.stacks import Stacks

MAX_PARALLEL = 8  # resources of one stack at the same time

Run = Callable[[], None]


class Runs:
    """Makes runs. A stack has the status that a run begins with when the run is given back."""

    def __init__(
        self,
        *,
        stacks: Stacks,
        providers: Mapping[str, ResourceProvider],
        schemas: SchemaCatalogue,
        lookups: AccountLookups,
        max_parallel: int = MAX_PARALLEL,
    ) -> None:
        self._stacks = stacks
        self._providers = providers
        self._schemas = schemas
        self._lookups = lookups
        self._max_parallel = max_parallel

    def plan(self, stack: Stack, target: StackDefinition) -> Plan:
        """Work out what would make the stack what the target says."""
        return make_plan(
            stack,
            target,
            make_scope=lambda definition, resource: self._scope(stack, definition, resource),
            properties=self._provisioner(stack).properties,
            schemas=self._schemas,
        )

    def deployment(self, stack: Stack, target: StackDefinition, policy: FailurePolicy) -> Run:
        """A run that makes the stack what the target says."""
        stack.begin_operation()
        stack.disable_rollback = not policy.roll_back
        is_creation = stack.status == "REVIEW_IN_PROGRESS"
        if is_creation:
            stack.definition = target
        stack.set_status("CREATE_IN_PROGRESS" if is_creation else "UPDATE_IN_PROGRESS", "User Initiated")
        deployment = Deployment(
            stack=stack,
            target=target,
            scope=self._scope(stack, target, stack.resource),
            provisioner=self._provisioner(stack),
            schemas=self._schemas,
            check_exports=lambda outputs: self._stacks.check_exports(stack, outputs),
            failure_policy=policy,
            max_parallel=self._max_parallel,
        )
        return deployment.run

    def deletion(self, stack: Stack, *, retain: frozenset[str], force: bool) -> Run:
        """A run that deletes the stack, whose status says so already."""
        deletion = StackDeletion(
            stack=stack,
            provisioner=self._provisioner(stack),
            retain=retain,
            force=force,
            max_parallel=self._max_parallel,
        )
        return deletion.run

    def rollback(self, stack: Stack, *, retain_except_on_create: bool, skip: frozenset[str]) -> Run:
        """A run that takes the stack back to what it was when it was last settled."""
        stack.begin_operation()
        rollback = Rollback(
            stack=stack,
            provisioner=self._provisioner(stack),
            retain_except_on_create=retain_except_on_create,
            max_parallel=self._max_parallel,
            skip=skip,
        )
        rollback.begin("User Initiated")
        return rollback.run

    def _provisioner(self, stack: Stack) -> Provisioner:
        return Provisioner(stack=stack, providers=self._providers, schemas=self._schemas, stores=self._lookups)

    def _scope(self, stack: Stack, definition: StackDefinition, resource: ResourceLookUp) -> StackScope:
        return StackScope(
            stack=stack,
            definition=definition,
            resource=resource,
            surroundings=_Surroundings(stacks=self._stacks, lookups=self._lookups),
            schemas=self._schemas,
        )


class _Surroundings:
    """What a template takes from outside its stack."""

    def __init__(self, *, stacks: Stacks, lookups: AccountLookups) -> None:
        self._stacks = stacks
        self._lookups = lookups

    def availability_zones(self, region: str) -> list[str]:
        """The zones of a region."""
        return self._lookups.availability_zones(region)

    def export(self, name: str) -> str:
        """The value of another stack's export."""
        return self._stacks.export(name)
