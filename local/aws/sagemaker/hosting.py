"""All that SageMaker hosts in one place: the collections, and one lock over them.

It does not know the operations (models.py, endpoint_configs.py, endpoints.py, components.py).
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from local.aws.sagemaker.adapter import AdapterComponent
from local.aws.sagemaker.collection import Collection
from local.aws.sagemaker.component import Component
from local.aws.sagemaker.endpoint import Endpoint
from local.aws.sagemaker.endpoint_config import EndpointConfig
from local.aws.sagemaker.model import Model
from local.aws.sagemaker.quotas import InstanceQuotas
from local.aws.sagemaker.tags import Tags
from local.aws.wire.place import Place

# What a request can name.
HostedComponent = Component | AdapterComponent


class Hosting:
    """What there is in one account and region.

    Attributes:
        place: where.
        lock: held around every use of the rest.
        models: by name.
        configs: endpoint configurations by name.
        components: inference components by name.
        tags: by ARN.
        quotas: how many instances may run.
        adapter_folder: where the archives of adapters are unpacked.
    """

    def __init__(self, *, place: Place, adapter_folder: Path) -> None:
        self.place = place
        self.adapter_folder = adapter_folder
        self.lock = threading.RLock()
        self.models: Collection[Model] = Collection(place=place, kind="model", noun="model")
        self.configs: Collection[EndpointConfig] = Collection(
            place=place, kind="endpoint-config", noun="endpoint configuration"
        )
        self.components: Collection[HostedComponent] = Collection(
            place=place, kind="inference-component", noun="inference component"
        )
        self.tags = Tags()
        self.quotas = InstanceQuotas()
        self._endpoints: Collection[Endpoint] = Collection(place=place, kind="endpoint", noun="endpoint")

    @property
    def endpoints(self) -> Collection[Endpoint]:
        """Endpoints by name, without those whose deletion is over."""
        for endpoint in self._endpoints:
            if endpoint.gone:
                self._endpoints.remove(endpoint.name)
                self.tags.forget(endpoint.arn)
        return self._endpoints

    def components_on(self, endpoint: Endpoint) -> list[HostedComponent]:
        """The components of an endpoint, adapters among them."""
        return [component for component in self.components if component.endpoint is endpoint]

    def adapters_of(self, base: HostedComponent) -> list[AdapterComponent]:
        """The adapter components that answer on a component's copies."""
        return [one for one in self.components if isinstance(one, AdapterComponent) and one.base is base]

    def forget_component(self, component: HostedComponent) -> None:
        """A deleted component is gone, with its last copy."""
        with self.lock:
            self.components.remove(component.name)
            self.tags.forget(component.arn)

    def arns(self) -> Iterator[str]:
        """The ARNs of everything."""
        for collection in (self.models, self.configs, self.endpoints, self.components):
            for resource in collection:
                yield resource.arn


Hostings = Callable[[Place], Hosting]
