"""`pulumi-resource-kubernetes ENGINE_ADDRESS`: prints the port that it serves on."""

import argparse
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


def engine_address(arguments: list[str]) -> str:
    """Where the engine takes messages; the flags that it passes to every plugin have no meaning here."""
    parser = argparse.ArgumentParser(prog="pulumi-resource-kubernetes")
    parser.add_argument("--tracing")
    parser.add_argument("engine", nargs="?", default="")
    return str(parser.parse_known_args(arguments)[0].engine)


def main() -> None:
    """Serves until the engine ends this process."""
    # How the launcher says where this package is; no affair of programs that a kubeconfig starts.
    os.environ.pop("PYTHONPATH", None)
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    # The engine's way to say that it is done; it waits 5 s for a plugin that does not end. A user's Ctrl-C does not
    # come here, as the engine runs plugins in process groups of their own: it asks to cancel instead.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    server.run(engine_address(sys.argv[1:]), announce)


if __name__ == "__main__":
    main()
