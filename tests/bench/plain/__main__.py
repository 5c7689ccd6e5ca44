"""The same containers as those of this package, in a plain Pulumi program: no order, no gates, no seeds."""

import json

import pulumi
import pulumi_docker as docker

config = pulumi.Config().require_object("cluster")
name, subnet = config["name"], config["subnet"]
labels: list[docker.ContainerLabelArgsDict] = [{"label": "consul.cluster", "value": name}]
network = docker.Network(
    "network",
    name=name,
    ipam_configs=[{"subnet": f"{subnet}.0/24", "gateway": f"{subnet}.1", "ip_range": f"{subnet}.128/25"}],
    labels=labels,
)
image = docker.RemoteImage("image", name=config["image"], keep_locally=True)
agents = [("server", ordinal, ordinal) for ordinal in range(config["servers"])]
agents += [("client", ordinal, 7 + ordinal) for ordinal in range(config["clients"])]
for role, ordinal, position in agents:
    node = f"{name}-{role}-{ordinal}"
    command = ["agent", "-hcl", json.dumps(config[role]), f"-node={node}", f"-advertise={subnet}.{2 + position}"]
    volume = docker.Volume(f"{node}-data", name=f"{node}-data", labels=labels)
    http, dns = config["http"] + position, config["dns"] + position
    docker.Container(
        node,
        name=node,
        hostname=node,
        image=image.name,
        command=[*command, f"-bootstrap-expect={config['servers']}"] if role == "server" else command,
        envs=["CONSUL_DISABLE_PERM_MGMT=true"],
        networks_advanced=[{"name": network.name, "ipv4_address": f"{subnet}.{2 + position}"}],
        ports=[
            {"internal": 8500, "external": http, "ip": "127.0.0.1", "protocol": "tcp"},
            {"internal": 8600, "external": dns, "ip": "127.0.0.1", "protocol": "tcp"},
            {"internal": 8600, "external": dns, "ip": "127.0.0.1", "protocol": "udp"},
        ],
        volumes=[{"volume_name": volume.name, "container_path": "/consul/data"}],
        user="100:1000",
        read_only=True,
        tmpfs={"/tmp": "rw,noexec,nosuid,size=64m"},
        capabilities={"drops": ["ALL"]},
        security_opts=["no-new-privileges:true"],
        init=True,
        restart="on-failure" if role == "server" else "unless-stopped",
        labels=labels,
        opts=pulumi.ResourceOptions(delete_before_replace=True),
    )
