"""The listening socket, taken before anything else is loaded: a port that is in use is said at once."""

import socket

from local.aws.errors import PortTakenError


def listen(host: str, port: int) -> socket.socket:
    """Take the address to listen on; port 0 takes any free one.

    Raises:
        PortTakenError: it cannot be had.
    """
    # asyncio turns Nagle off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise PortTakenError(host=host, port=port, reason=reason) from error
    return listener
