"""Free ports for containers.

A port can be lost to another program between choosing and binding it; the fleet starts such a copy on another one.
"""

import socket
import threading


class Ports:
    """Hands out ports that are free on 127.0.0.1 and not handed out already."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._lock = threading.Lock()

    def take(self) -> int:
        """Return a free port; it stays taken until it is given back."""
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            with self._lock:
                if port not in self._taken:
                    self._taken.add(port)
                    return port

    def give_back(self, port: int) -> None:
        """Make the port available again."""
        with self._lock:
            self._taken.discard(port)
