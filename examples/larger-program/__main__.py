"""A Consul cluster beside an application that reads its configuration from it."""

import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulCluster

SUBNET = "172.30.3.0/24"
CONSUL = "shop-consul"

network = docker.Network(
    "shop",
    # Agents have fixed addresses in the lower half of the subnet, so Docker gives others addresses from the upper half.
    ipam_configs=[{"subnet": SUBNET, "gateway": "172.30.3.1", "ip_range": "172.30.3.128/25"}],
)
cluster = ConsulCluster(
    "consul",
    {
        "name": CONSUL,
        "servers": 3,
        "clients": 1,
        # The application has no token.
        "security": {"anonymous": "read"},
        "seeds": {"shop": {"greeting": "Welcome to the shop", "currency": "EUR"}},
        "platform": {"docker": {"subnet": SUBNET, "network": network.name}},
    },
)

uploads = docker.Volume("uploads")
application = docker.Container(
    "application",
    # Takes the place of your application. It prints the greeting, and prints it again whenever the key changes.
    image="hashicorp/consul:1.22.7",
    command=["consul", "watch", "-type=key", "-key=shop/greeting", "consul", "kv", "get", "shop/greeting"],
    envs=[f"CONSUL_HTTP_ADDR=http://{CONSUL}-client-0:8500"],
    networks_advanced=[{"name": network.name}],
    volumes=[{"volume_name": uploads.name, "container_path": "/uploads"}],
    restart="unless-stopped",
    opts=pulumi.ResourceOptions(depends_on=[cluster]),
)

pulumi.export("application", application.name)
pulumi.export("ui_urls", cluster.ui_urls)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("management_token", cluster.management_token)
