"""What can go wrong with containers.

```
ContainerError              the root
├── CannotPullError         nothing on this machine runs that image; change the image
├── CannotStartError        the process could not be started at all
└── FleetBusyError          the fleet is creating, updating or deleting; retry when it is done
```

A container that starts and then fails is no exception but a state: the fleet's failure reason says why.
"""

from collections.abc import Sequence


class ContainerError(Exception):
    """A container that cannot be had."""


class CannotPullError(ContainerError):
    """The image is none of those that this machine has a stand-in for.

    Attributes:
        image: the image that was asked for.
        known: the repositories whose images run here.
    """

    def __init__(self, image: str, *, known: Sequence[str]) -> None:
        super().__init__(
            f"CannotPullContainerError: the image {image} does not exist on this machine. The local AWS runs images of "
            f"these ECR repositories: {', '.join(known)}."
        )
        self.image = image
        self.known = tuple(known)


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
