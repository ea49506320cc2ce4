"""An adapter component: a LoRA adapter that answers on the copies of another component, its base.

It has a status of its own and no copies. Which copies there are is the base's fleet's; that each of them has the
adapter before it gets a request for it is seen to here and, for copies that come later, by the runtime.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

from local.aws.containers.adapters import Adapter, give, take_away
from local.aws.containers.errors import FleetBusyError
from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import FleetStatus, Routing
from local.aws.sagemaker.archive import UnreadableArchiveError
from local.aws.sagemaker.component import Component
from local.aws.sagemaker.endpoint import Endpoint

_SETTLED = {FleetStatus.IN_SERVICE, FleetStatus.FAILED}
_logger = logging.getLogger(__name__)


class AdapterComponent:
    """An adapter component.

    Args:
        name: in the case it was given.
        arn: its ARN.
        base: whose copies it answers on.
        folder: where its files may be unpacked.
        unpack: unpacks the archive at a URI into a folder.
        on_gone: called once, from a thread of its own, when it was deleted.
    """

    def __init__(
        self,
        *,
        name: str,
        arn: str,
        base: Component,
        folder: Path,
        unpack: Callable[[str, Path], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.name = name
        self.arn = arn
        self.base = base
        self.created_at = datetime.now(UTC)
        self._folder = folder
        self._unpack = unpack
        self._on_gone = on_gone
        self._changed = threading.Condition()
        self._status = FleetStatus.CREATING
        self._modified_at = self.created_at
        self._failure_reason: str | None = None
        self._given: Mapping[str, Any] = {}
        self._adapter: Adapter | None = None
        self._versions = 0
        self._gone = False

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that hosts both."""
        return self.base.endpoint

    @property
    def variant(self) -> str:
        """The base's variant."""
        return self.base.variant

    @property
    def fleet(self) -> Fleet:
        """The copies that answer: the base's."""
        return self.base.fleet

    @property
    def routing(self) -> Routing:
        """How a request finds a copy."""
        return self.base.routing

    @property
    def log_group(self) -> str:
        """Where what the copies print is: they are the base's."""
        return self.base.log_group

    @property
    def adapter(self) -> Adapter | None:
        """What a copy has to have loaded before it gets a request; None while there is nothing to load."""
        return self._adapter

    @property
    def serves(self) -> bool:
        """Whether requests for it may be passed on."""
        return self._adapter is not None and self._status is not FleetStatus.DELETING

    @property
    def status(self) -> FleetStatus:
        """Where it is in its life."""
        return self._status

    @property
    def given(self) -> Mapping[str, Any]:
        """The specification as it was given."""
        return self._given

    def load(self, given: Mapping[str, Any], *, uri: str) -> None:
        """Fetch an archive and give it to the base's copies, the first one or another version.

        Args:
            given: the specification that names it.
            uri: of the archive.

        Raises:
            FleetBusyError: it is creating, updating or deleting, or has failed.
        """
        with self._changed:
            if self._given:
                self._refuse_busy(FleetStatus.IN_SERVICE)
                self._move(FleetStatus.UPDATING, failure_reason=None)
            before, self._given = self._given, given
            self._versions += 1
            to = self._folder / str(self._versions)
        self._in_background(lambda: self._load(uri, to=to, before=before))

    def delete(self) -> None:
        """Take it away from the copies, and then let go of it.

        Raises:
            FleetBusyError: it is creating, updating or being deleted.
        """
        with self._changed:
            self._refuse_busy(*_SETTLED)
            self._move(FleetStatus.DELETING, failure_reason=self._failure_reason)
        self._in_background(self._delete)

    def wait_until_settled(self) -> bool:
        """Wait until nothing is under way."""
        with self._changed:
            return self._changed.wait_for(lambda: self._status in _SETTLED)

    def join(self) -> None:
        """Wait until it is gone, after it was deleted."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone)

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeInferenceComponent."""
        told = {"FailureReason": self._failure_reason} if self._failure_reason else {}
        return {**self.summary(), **self._given, **told}

    def summary(self) -> dict[str, Any]:
        """Its entry in the answer of ListInferenceComponents."""
        return {
            "InferenceComponentName": self.name,
            "InferenceComponentArn": self.arn,
            "EndpointName": self.endpoint.name,
            "EndpointArn": self.endpoint.arn,
            "VariantName": self.variant,
            "CreationTime": self.created_at,
            "LastModifiedTime": self._modified_at,
            "InferenceComponentStatus": self._status,
        }

    def _load(self, uri: str, *, to: Path, before: Mapping[str, Any]) -> None:
        try:
            self._unpack(uri, to)
        except Exception as error:  # whatever it is: somebody waits for how this ends
            if not isinstance(error, UnreadableArchiveError):
                _logger.exception("adapter component %s: its archive was not unpacked", self.name)
            with self._changed:
                self._given = before or self._given
                self._move(FleetStatus.IN_SERVICE if before else FleetStatus.FAILED, failure_reason=str(error))
            return
        adapter = Adapter(name=self.name, folder=to)
        for copy in self.fleet.serving():
            try:
                refusal = give(copy, adapter)
            except (OSError, HTTPException) as error:
                # It is ending; another will be asked when it gets a request.
                _logger.info("adapter component %s: copy %s was not asked: %s", self.name, copy.copy_id, error)
                continue
            if refusal is not None:
                # As on AWS, this does not fail the component: requests for it fail.
                _logger.warning(
                    "adapter component %s: copy %s refused it with status %d: %s",
                    self.name, copy.copy_id, refusal.status, refusal.text,
                )  # fmt: skip
        with self._changed:
            self._adapter = adapter
            self._move(FleetStatus.IN_SERVICE, failure_reason=None)

    def _delete(self) -> None:
        for copy in self.fleet.serving():
            try:
                take_away(copy, self.name)
            except (OSError, HTTPException) as error:
                _logger.info("adapter component %s: copy %s was not asked: %s", self.name, copy.copy_id, error)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._on_gone()
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def _refuse_busy(self, *allowed: FleetStatus) -> None:
        if self._status not in allowed:
            raise FleetBusyError(self._status)

    def _move(self, status: FleetStatus, *, failure_reason: str | None) -> None:
        self._status, self._failure_reason = status, failure_reason
        self._modified_at = datetime.now(UTC)
        self._changed.notify_all()

    def _in_background(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=f"adapter component {self.name}", daemon=True).start()
