"""Consul servers and clients on a Docker network of the program's own."""

import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulClient, ConsulServer

SUBNET = "172.30.2.0/24"

network = docker.Network(
    "lan",
    # Agents have fixed addresses in the lower half of the subnet, so Docker gives others addresses from the upper half.
    ipam_configs=[{"subnet": SUBNET, "gateway": "172.30.2.1", "ip_range": "172.30.2.128/25"}],
)
servers = ConsulServer(
    "server",
    {
        "cluster": "existing-network",
        "datacenter": "lan",
        "replicas": 3,
        "platform": {"docker": {"subnet": SUBNET, "network": network.name}},
    },
)
clients = ConsulClient(
    "client",
    {
        "cluster": "existing-network",
        "datacenter": "lan",
        "replicas": 2,
        "servers": 3,
        "platform": {"docker": {"subnet": SUBNET, "network": network.name}},
    },
    pulumi.ResourceOptions(depends_on=[servers]),
)

pulumi.export("network", network.name)
pulumi.export("server_http_addresses", servers.http_addresses)
pulumi.export("client_http_addresses", clients.http_addresses)
