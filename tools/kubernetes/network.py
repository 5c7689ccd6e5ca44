"""The cluster's network: a bridge, a network namespace for each node, and iptables rules."""

import ipaddress
import json
import os
import shutil
import subprocess
from pathlib import Path

from tools.builds import debian
from tools.found import SetupError
from tools.kubernetes import layout
from tools.kubernetes.layout import BRIDGE, HOST, Node

COMMANDS = {"ip": "iproute2", "iptables": "iptables", "ipset": "ipset"}
"""What the network needs, and the Debian package of each."""
CHAIN = BRIDGE.upper()
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
# Not every shell has these folders on PATH, not even root's.
SEARCH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
WIDTH = layout.NODES.split("/")[1]
# Docker sets the policy of FORWARD to DROP, and a firewall may do that with INPUT.
ACCEPTED = (
    ("filter", "FORWARD", ("-i", BRIDGE, "-j", "ACCEPT")),
    ("filter", "FORWARD", ("-o", BRIDGE, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")),
    ("filter", "INPUT", ("-i", BRIDGE, "-j", "ACCEPT")),
    ("nat", "POSTROUTING", ("-s", layout.NODES, "!", "-o", BRIDGE, "-j", "MASQUERADE")),
    ("nat", "POSTROUTING", ("-s", layout.PODS, "!", "-o", BRIDGE, "-j", "MASQUERADE")),
)
# A policy never stops the node of a pod. The API server and the tests run on the machine, which counts as every pod's
# node, also where a Service leads on to a pod of another node, with the first node's address. With this mark
# kube-router has decided that a packet may pass (its docs/how-it-works.md).
FROM_NODES = ("-s", layout.NODES, "-j", "MARK", "--set-xmark", "0x10000/0x10000")
PARENTS = tuple(dict.fromkeys((table, parent) for table, parent, _ in ACCEPTED))


def up() -> None:
    """Makes the bridge and the rules, or what is missing of them."""
    if not all(shutil.which(command, path=SEARCH) for command in COMMANDS):
        debian.install(*COMMANDS.values(), instead=f"install {', '.join(COMMANDS.values())}")
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        refuse_overlaps()
        run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "replace", f"{HOST}/{WIDTH}", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    kept = layout.folder() / "ip_forward"
    if FORWARDING.read_text().strip() == "0":
        kept.write_text("0\n")
        FORWARDING.write_text("1\n")
    accept()


def down() -> None:
    """Removes everything that exists."""
    for number in range(1, layout.MOST_NODES + 1):
        if Path("/run/netns", Node(number).namespace).exists():
            run("ip", "netns", "delete", Node(number).namespace)
    if Path(f"/sys/class/net/{BRIDGE}").exists():
        run("ip", "link", "delete", BRIDGE)
    if not shutil.which("iptables", path=SEARCH):
        return
    for table, parent in PARENTS:
        name = f"{CHAIN}-{parent}"
        while tried("iptables", "-w", "-t", table, "-D", parent, "-j", name):
            pass
        tried("iptables", "-w", "-t", table, "-F", name)
        tried("iptables", "-w", "-t", table, "-X", name)
    kept = layout.folder() / "ip_forward"
    if kept.exists():
        FORWARDING.write_text(kept.read_text())
        kept.unlink()


def attach(node: Node) -> bool:
    """Makes a node's network unless it exists. Returns whether it was made."""
    space, cable = Path("/run/netns", node.namespace), Path(f"/sys/class/net/{node.namespace}")
    there = space.exists() and cable.exists()
    if not there:
        if cable.exists():
            run("ip", "link", "delete", node.namespace)
        if space.exists():
            run("ip", "netns", "delete", node.namespace)
        inside(node)
    run("ip", "link", "set", node.namespace, "master", BRIDGE, "up")
    run("ip", "route", "replace", node.pods, "via", node.address)
    if node.number == 1:
        run("ip", "route", "replace", layout.SERVICES, "via", node.address)
    return not there


def inside(node: Node) -> None:
    """Makes a node's network namespace, its veth pair and its routes."""
    run("ip", "netns", "add", node.namespace)
    run("ip", "link", "add", node.namespace, "type", "veth", "peer", "name", "eth0", "netns", node.namespace)
    others = [Node(number) for number in range(1, layout.MOST_NODES + 1) if number != node.number]
    lines = [
        "link set lo up",
        f"address add {node.address}/{WIDTH} dev eth0",
        "link set eth0 up",
        f"route add default via {HOST}",
        *(f"route add {other.pods} via {other.address}" for other in others),
    ]
    run("ip", "-n", node.namespace, "-batch", "-", stdin="\n".join(lines))
    run("ip", "netns", "exec", node.namespace, "sh", "-c", f"echo 1 > {FORWARDING}")
    run("ip", "netns", "exec", node.namespace, "iptables", "-w", "-t", "mangle", "-A", "PREROUTING", *FROM_NODES)


def accept() -> None:
    """Accepts the cluster's packets, in chains of our own that come first."""
    for table, parent in PARENTS:
        name = f"{CHAIN}-{parent}"
        rules = [rule for its_table, its_parent, rule in ACCEPTED if (its_table, its_parent) == (table, parent)]
        tried("iptables", "-w", "-t", table, "-N", name)
        for rule in rules:
            if not tried("iptables", "-w", "-t", table, "-C", name, *rule):
                run("iptables", "-w", "-t", table, "-A", name, *rule)
        if not tried("iptables", "-w", "-t", table, "-C", parent, "-j", name):
            run("iptables", "-w", "-t", table, "-I", parent, "1", "-j", name)


def refuse_overlaps() -> None:
    """Stops if the machine has other routes to the cluster's addresses."""
    ours = [ipaddress.ip_network(one) for one in (layout.NODES, layout.PODS, layout.SERVICES)]
    for route in json.loads(run("ip", "-j", "-4", "route", "show")):
        if route["dst"] != "default" and any(ipaddress.ip_network(route["dst"]).overlaps(one) for one in ours):
            raise SetupError(
                f"the cluster's addresses {layout.NODES}, {layout.PODS} and {layout.SERVICES} overlap with a route to "
                f"{route['dst']} by {route.get('dev', '?')}; use a cluster of your own (kubectl config use-context)."
            )


def run(*command: str, stdin: str | None = None) -> str:
    """The output of a command. Failure is an error."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, env={**os.environ, "PATH": SEARCH}
    )
    if done.returncode:
        raise SetupError(f"{' '.join(command)} failed ({done.stderr.strip()[:200]}).")
    return done.stdout


def tried(*command: str) -> bool:
    """Runs a command and returns whether it succeeded."""
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PATH": SEARCH})
    return done.returncode == 0
