"""What can go wrong with containers.

```
ContainerError              the root
├── CannotPullError         there is no such image, or nothing on this machine runs it; change the image
├── CannotStartError        the process could not be started at all
└── FleetBusyError          the fleet is creating, updating or deleting; retry when it is done
```

A container that starts and then fails is no exception but a state: the fleet's failure reason says why.
"""


class ContainerError(Exception):
    """A container that cannot be had."""


class CannotPullError(ContainerError):
    """There is no such image, or none that this machine has a stand-in for.

    Attributes:
        image: the image that was asked for.
    """

    def __init__(self, image: str, *, reason: str) -> None:
        super().__init__(f"CannotPullContainerError: the image {image} does not exist{reason}")
        self.image = image


class CannotStartError(ContainerError):
    """The operating system refused to start the process."""


class FleetBusyError(ContainerError):
    """The fleet is in the middle of something that the change would cross.

    Attributes:
        status: what it is doing.
    """

    def __init__(self, status: str) -> None:
        super().__init__(f"the fleet is {status}")
        self.status = status
