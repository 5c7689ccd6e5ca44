"""Stand up the Consul cluster that this stack's settings describe."""

import pulumi
from consul_on_pulumi import ConsulCluster, ConsulClusterArgs
from consul_on_pulumi.settings.refusals import cluster_problems
from consul_on_pulumi.settings.stack_file import read

cluster = ConsulCluster("consul", read(pulumi.Config(), "cluster", ConsulClusterArgs, cluster_problems))

pulumi.export("ui_urls", cluster.ui_urls)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("leader_address", cluster.leader_address)
pulumi.export("servers", cluster.servers)
pulumi.export("datacenter", cluster.datacenter)
pulumi.export("dns_addresses", cluster.dns_addresses)
