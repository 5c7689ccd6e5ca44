"""Stand up the Consul cluster that this stack's settings describe."""

import pulumi

from components import ConsulCluster, ConsulClusterArgs
from components.refusals import cluster_problems
from components.settings import read

cluster = ConsulCluster("consul", read(pulumi.Config(), "cluster", ConsulClusterArgs, cluster_problems))

pulumi.export("ui_urls", cluster.ui_urls)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("leader_address", cluster.leader_address)
pulumi.export("servers", cluster.servers)
pulumi.export("datacenter", cluster.datacenter)
pulumi.export("dns_addresses", cluster.dns_addresses)
