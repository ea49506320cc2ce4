"""What keeps the local AWS from running.

``LocalAwsError``
 ├── MotoVersionError      the installed moto is not the one that this was built for
 ├── PortTakenError        the address is in use or not this machine's
 └── StartError            the process did not come up
"""


class LocalAwsError(Exception):
    """The local AWS cannot run; the message says why and what to do."""


class MotoVersionError(LocalAwsError):
    """The installed moto is not the one that this was built for."""

    def __init__(self, *, required: str, installed: str) -> None:
        super().__init__(
            f"the local AWS is built for moto {required}, but {installed} is installed: "
            "install the locked dependencies (make setup)"
        )


class PortTakenError(LocalAwsError):
    """The address to listen on cannot be had."""

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {reason}; stop what holds the port or choose another with --port"
        )


class StartError(LocalAwsError):
    """The local AWS's process ended or did not answer while it was being started."""
