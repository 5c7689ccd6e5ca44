"""`pulumi-resource-kubernetes ENGINE_ADDRESS`: prints the port that it serves on."""

import os
import signal
import sys
import threading
import time

from kubernetes_plugin import server
from kubernetes_plugin.connection import client_library


def announce(port: int) -> None:
    """Tells the engine where to connect; everything else that is printed must go to stderr."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # While the engine connects, load what takes long.
    threading.Thread(target=client_library, daemon=True).start()


def end_with(parent: int) -> None:
    """Ends this process when the engine that started it is gone without a word."""
    while os.getppid() == parent:
        time.sleep(2)
    os._exit(1)


def main() -> None:
    """Serves until the engine ends this process."""
    # How the launcher says where this package is; no affair of programs that a kubeconfig starts.
    os.environ.pop("PYTHONPATH", None)
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    # The engine's way to say that it is done; it waits 5 s for a plugin that does not end. A user's Ctrl-C does not
    # come here, as the engine runs plugins in process groups of their own: it asks to cancel instead.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    server.run(addresses[0] if addresses else "", announce)


if __name__ == "__main__":
    main()
