"""The operations on models."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.sagemaker.hosting import Hostings
from local.aws.sagemaker.listing import Facts, page
from local.aws.sagemaker.model import Model, check_model
from local.aws.sagemaker.roles import RoleCheck
from local.aws.sagemaker.weights import check_weights
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params


class Models:
    """Creates, describes, lists and deletes models.

    Args:
        hostings: what there is, by place.
        check_role: refuses a role that SageMaker could not assume.
    """

    def __init__(self, *, hostings: Hostings, check_role: RoleCheck) -> None:
        self._hostings = hostings
        self._check_role = check_role

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "CreateModel": self.create,
            "DescribeModel": self.describe,
            "DeleteModel": self.delete,
            "ListModels": self.list,
        }

    def create(self, place: Place, params: Params) -> Mapping[str, Any]:
        """CreateModel."""
        name = params["ModelName"]
        check_model(params)
        if role_arn := params.get("ExecutionRoleArn"):
            self._check_role(place, role_arn)
        check_weights(place, params["PrimaryContainer"])
        hosting = self._hostings(place)
        definition = {key: value for key, value in params.items() if key != "Tags"}
        model = Model(name=name, arn=place.arn("model", name), definition=definition, created_at=datetime.now(UTC))
        with hosting.lock:
            hosting.models.add(model)
            hosting.tags.add(model.arn, params.get("Tags", ()))
        return {"ModelArn": model.arn}

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeModel."""
        hosting = self._hostings(place)
        with hosting.lock:
            return hosting.models.get(params["ModelName"]).describe()

    def delete(self, place: Place, params: Params) -> None:
        """DeleteModel. Copies that were made of it go on: SageMaker copies what it needs, too."""
        hosting = self._hostings(place)
        with hosting.lock:
            model = hosting.models.remove(params["ModelName"])
            hosting.tags.forget(model.arn)

    def list(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListModels."""
        hosting = self._hostings(place)
        with hosting.lock:
            models, token = page(hosting.models, params, facts=_facts)
        return {"Models": [_summary(model) for model in models], "NextToken": token}


def _facts(model: Model) -> Facts:
    return Facts(name=model.name, created_at=model.created_at, modified_at=model.created_at)


def _summary(model: Model) -> dict[str, Any]:
    return {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created_at}
