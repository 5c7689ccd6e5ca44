import ipaddress
import json

import pytest

from tools.found import SetupError
from tools.kubernetes import layout, network
from tools.kubernetes.layout import Node


class Machine:
    """A machine whose `ip` and `iptables` only remember."""

    def __init__(self, routes: str = "[]") -> None:
        self.routes = routes
        self.rules: list[tuple[str, ...]] = []
        self.chains: set[tuple[str, str]] = set()

    def run(self, *command: str, stdin: str | None = None) -> str:
        if command[0] == "iptables":
            assert self.tried(*command)
        return self.routes

    def tried(self, *command: str) -> bool:
        table, action, chain, rule = command[3], command[4], command[5], command[6:]
        kept = (table, chain, *rule)
        match action:
            case "-N":
                known = (table, chain) in self.chains
                self.chains.add((table, chain))
                return not known
            case "-C":
                return kept in self.rules
            case "-A":
                self.rules.append(kept)
            case "-I":
                self.rules.insert(0, (table, chain, *rule[1:]))
            case "-D":
                if kept not in self.rules:
                    return False
                self.rules.remove(kept)
            case "-F":
                self.rules = [one for one in self.rules if one[:2] != (table, chain)]
            case "-X":
                self.chains.discard((table, chain))
        return True


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(network, "run", made.run)
    monkeypatch.setattr(network, "tried", made.tried)
    monkeypatch.setattr(network, "BRIDGE", "no-such-bridge")
    return made


def test_rules_are_added_once_and_removed_wholly(machine: Machine) -> None:
    theirs = ("filter", "FORWARD", "-j", "DOCKER-USER")
    machine.rules.append(theirs)
    network.accept()
    first = list(machine.rules)
    network.accept()
    assert machine.rules == first
    assert ("filter", "FORWARD", "-j", f"{network.CHAIN}-FORWARD") in first[: first.index(theirs)]

    network.down()

    assert machine.rules == [theirs]
    assert machine.chains == set()
    network.down()


@pytest.mark.parametrize("theirs", ["10.252.7.0/24", "10.0.0.0/8", "10.251.0.9"])
def test_addresses_that_lead_elsewhere_are_refused(machine: Machine, theirs: str) -> None:
    machine.routes = json.dumps([{"dst": "default"}, {"dst": theirs, "dev": "tun0"}])
    with pytest.raises(SetupError, match=f"overlap with a route to {theirs} by tun0"):
        network.refuse_overlaps()


def test_other_routes_are_no_trouble(machine: Machine) -> None:
    machine.routes = json.dumps([{"dst": "default"}, {"dst": "172.17.0.0/16", "dev": "docker0"}])
    network.refuse_overlaps()


def test_every_node_has_addresses_of_its_own_in_the_cluster_s_ranges() -> None:
    nodes = [Node(number) for number in range(1, layout.MOST_NODES + 1)]

    assert len({node.address for node in nodes} | {layout.HOST}) == layout.MOST_NODES + 1
    assert len({node.pods for node in nodes}) == layout.MOST_NODES
    for node in nodes:
        assert ipaddress.ip_address(node.address) in ipaddress.ip_network(layout.NODES)
        assert ipaddress.IPv4Network(node.pods).subnet_of(ipaddress.IPv4Network(layout.PODS))
        assert len(node.namespace) <= 15, "the kernel's limit for the name of an interface"
