"""The composition root of the infrastructure: command line → settings → stacks. The CDK CLI runs it."""

import os
import sys
from pathlib import Path

from aws_cdk import App

from model.added import FILE_NAME, read_added
from model.errors import ModelError
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack
from stacks.errors import SettingsError


def main() -> None:
    """Write the templates of the stage that `-c stage=…` names; refuse with one line what could not be deployed."""
    app = App(analytics_reporting=False)
    try:
        added = read_added(Path(__file__).with_name(FILE_NAME))
        settings = read_settings(app.node.get_all_context(), os.environ, added=added)
        endpoint = EndpointStack(app, settings=settings)
        if settings.service.image is not None:
            # Here, because CDK's modules for it take a second to load: who deploys no service does not wait for them.
            from stacks.service_stack import ServiceStack  # noqa: PLC0415

            service = ServiceStack(app, settings=settings, image=settings.service.image)
            service.add_stack_dependency(endpoint)
        if settings.monitoring.enabled:
            from stacks.monitoring_stack import MonitoringStack  # noqa: PLC0415 - as above

            monitoring = MonitoringStack(app, settings=settings)
            monitoring.add_stack_dependency(endpoint)
    except (SettingsError, ModelError) as error:
        sys.exit(f"error: {error}")
    app.synth()


if __name__ == "__main__":
    main()
