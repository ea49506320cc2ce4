"""The operations on inference components."""

from collections.abc import Callable, Mapping
from typing import Any

from local.aws.containers.errors import FleetBusyError
from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import FleetStatus, Timings
from local.aws.containers.launcher import Launcher
from local.aws.containers.revision import Revision
from local.aws.sagemaker.adapter import AdapterComponent
from local.aws.sagemaker.adapters import load_adapter, names_base, new_adapter
from local.aws.sagemaker.alarms import alarm_is_on
from local.aws.sagemaker.component import Component
from local.aws.sagemaker.deployment import read_policy
from local.aws.sagemaker.endpoint import Endpoint, EndpointStatus
from local.aws.sagemaker.hosting import HostedComponent, Hosting, Hostings
from local.aws.sagemaker.instances import Instances
from local.aws.sagemaker.listing import Facts, page
from local.aws.sagemaker.specification import read_specification
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params

# Makes the launcher of a component's copies, given where, its name and its variant.
Launchers = Callable[[Place, str, str], Launcher]


class Components:
    """Creates, describes, updates, scales, lists and deletes inference components.

    Args:
        hostings: what there is, by place.
        launchers: makes what starts a component's copies.
        timings: how patient fleets are.
        startup_share: the part of the time to start that containers are given.
    """

    def __init__(
        self, *, hostings: Hostings, launchers: Launchers, timings: Timings, startup_share: float = 1.0
    ) -> None:
        self._hostings = hostings
        self._launchers = launchers
        self._timings = timings
        self._startup_share = startup_share

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "CreateInferenceComponent": self.create,
            "DescribeInferenceComponent": self.describe,
            "UpdateInferenceComponent": self.update,
            "UpdateInferenceComponentRuntimeConfig": self.update_runtime_config,
            "DeleteInferenceComponent": self.delete,
            "ListInferenceComponents": self.list,
        }

    def create(self, place: Place, params: Params) -> Mapping[str, Any]:
        """CreateInferenceComponent."""
        name = params["InferenceComponentName"]
        hosting = self._hostings(place)
        with hosting.lock:
            hosting.components.refuse_taken(name)
            endpoint = hosting.endpoints.get(params["EndpointName"])
            if endpoint.status is not EndpointStatus.IN_SERVICE:
                raise ValidationException(
                    f'Cannot create inference component "{name}" on endpoint "{endpoint.arn}" in status '
                    f"{endpoint.status}."
                )
            if names_base(params):
                adapter = new_adapter(hosting, endpoint, params)
                load_adapter(place, adapter, params)
                hosting.components.add(adapter)
                hosting.tags.add(adapter.arn, params.get("Tags", ()))
                return {"InferenceComponentArn": adapter.arn}
            variant = endpoint.variant(params.get("VariantName")).name
            revision = self._read_revision(hosting, params, endpoint.instances[variant])
            copies = params.get("RuntimeConfig", {}).get("CopyCount")
            if not copies:
                raise ValidationException("Inference components copy count must be an integer larger than 0.")
            component = self._new(hosting, endpoint, variant, name=name, revision=revision, copies=copies)
            hosting.components.add(component)
            hosting.tags.add(component.arn, params.get("Tags", ()))
            component.fleet.start()
        return {"InferenceComponentArn": component.arn}

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeInferenceComponent."""
        return self._get(place, params).describe()

    def update(self, place: Place, params: Params) -> Mapping[str, Any]:
        """UpdateInferenceComponent: another specification is rolled out, another copy count is scaled to."""
        component = self._get(place, params)
        copies = params.get("RuntimeConfig", {}).get("CopyCount")
        if not params.get("Specification") and not params.get("Specifications"):
            if copies is None:
                raise ValidationException("Either Specification or RuntimeConfig must be given.")
            _refuse_adapter(component)
            _change(component, lambda: component.fleet.scale(copies))
            return {"InferenceComponentArn": component.arn}
        if isinstance(component, AdapterComponent):
            _change(component, lambda: load_adapter(place, component, params))
            return {"InferenceComponentArn": component.arn}
        hosting = self._hostings(place)
        policy = read_policy(place, params)
        with hosting.lock:
            revision = self._read_revision(hosting, params, component.endpoint.instances[component.variant])
        _change(component, lambda: component.fleet.roll(revision, policy=policy, desired=copies))
        component.last_deployment = params.get("DeploymentConfig", component.last_deployment)
        return {"InferenceComponentArn": component.arn}

    def update_runtime_config(self, place: Place, params: Params) -> Mapping[str, Any]:
        """UpdateInferenceComponentRuntimeConfig: what a scaler calls."""
        component = self._get(place, params)
        _refuse_adapter(component)
        copies = params["DesiredRuntimeConfig"]["CopyCount"]
        _change(component, lambda: component.fleet.scale(copies))
        return {"InferenceComponentArn": component.arn}

    def delete(self, place: Place, params: Params) -> None:
        """DeleteInferenceComponent."""
        hosting = self._hostings(place)
        with hosting.lock:
            component = hosting.components.get(params["InferenceComponentName"])
            _refuse_adapted(hosting, component)
            _change(component, component.delete)

    def list(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListInferenceComponents."""
        hosting = self._hostings(place)
        endpoint, variant = params.get("EndpointNameEquals"), params.get("VariantNameEquals")
        with hosting.lock:
            wanted = [
                component
                for component in hosting.components
                if endpoint in {None, component.endpoint.name} and variant in {None, component.variant}
            ]
            components, token = page(wanted, params, facts=_facts)
            return {"InferenceComponents": [component.summary() for component in components], "NextToken": token}

    def _get(self, place: Place, params: Params) -> HostedComponent:
        hosting = self._hostings(place)
        with hosting.lock:
            return hosting.components.get(params["InferenceComponentName"])

    def _read_revision(self, hosting: Hosting, params: Params, instances: Instances) -> Revision:
        return read_specification(hosting, params, instances=instances, startup_share=self._startup_share)

    def _new(
        self, hosting: Hosting, endpoint: Endpoint, variant: str, *, name: str, revision: Revision, copies: int
    ) -> Component:
        place = hosting.place
        fleet = Fleet(
            name=name,
            launcher=self._launchers(place, name, variant),
            room=endpoint.instances[variant],
            revision=revision,
            desired=copies,
            timings=self._timings,
            alarm_is_on=lambda alarm: alarm_is_on(place, alarm),
            on_gone=lambda: hosting.forget_component(component),
        )
        component = Component(
            name=name, arn=place.arn("inference-component", name), endpoint=endpoint, variant=variant, fleet=fleet
        )
        return component


def _refuse_adapter(component: HostedComponent) -> None:
    if isinstance(component, AdapterComponent):
        raise ValidationException(
            f'Inference component "{component.arn}" is an adapter: scale its base, "{component.base.arn}".'
        )


def _refuse_adapted(hosting: Hosting, component: HostedComponent) -> None:
    # https://github.com/huggingface/hub-docs/tree/main/docs/sagemaker/notebooks/sagemaker-sdk/multi-lora-adapters-vllm
    if adapters := hosting.adapters_of(component):
        names = ", ".join(adapter.name for adapter in adapters)
        raise ValidationException(
            f'Cannot delete inference component "{component.arn}" while adapters use it: {names}. Delete them first.'
        )


def _change(component: HostedComponent, change: Callable[[], None]) -> None:
    try:
        change()
    except FleetBusyError as error:
        if error.status == FleetStatus.FAILED:
            message = (
                f'Cannot update inference component "{component.arn}" in status Failed. Delete it and create it anew.'
            )
        else:
            message = f'Cannot update in-progress inference component "{component.arn}" in status {error.status}.'
        raise ValidationException(message) from error


def _facts(component: HostedComponent) -> Facts:
    summary = component.summary()
    return Facts(
        name=component.name,
        created_at=component.created_at,
        modified_at=summary["LastModifiedTime"],
        status=summary["InferenceComponentStatus"],
    )
