"""What runs on an engine, beside agents of other clusters."""

import docker
import pytest
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.docker import operations

from tests.doubles.fake_docker import FakeDocker

AGENTS = {"app": ("app-server-0", "app-client-0"), "app-server": ("app-server-server-0", "app-server-client-0")}


@pytest.mark.parametrize("cluster", AGENTS)
def test_bug_the_agents_of_a_cluster_are_none_of_one_whose_name_goes_on(
    monkeypatch: pytest.MonkeyPatch, cluster: str
) -> None:
    """They would be asked with the token of this cluster."""
    engine = FakeDocker()
    for name, agents in AGENTS.items():
        for port, agent in enumerate(agents, 20000):
            engine.container(agent, cluster=name)["Ports"] = [{"PrivatePort": 8501, "PublicPort": port}]
    monkeypatch.setattr(docker, "from_env", lambda **_: engine)
    server, client = AGENTS[cluster]

    assert operations.agents({"cluster": cluster}, Role.SERVER, {}) == {server: f"http+docker-tls://{server}:20000"}
    assert operations.agents({"cluster": cluster}, Role.CLIENT, {}) == {client: f"http+docker-tls://{client}:20001"}
