"""The Consul cluster that this stack's settings describe."""

import pulumi
from consul_on_pulumi import ConsulCluster, cluster_args

cluster = ConsulCluster("consul", cluster_args(pulumi.Config()))

pulumi.export("ui_urls", cluster.ui_urls)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("leader_address", cluster.leader_address)
pulumi.export("servers", cluster.servers)
pulumi.export("datacenter", cluster.datacenter)
pulumi.export("dns_addresses", cluster.dns_addresses)
pulumi.export("upgrade_snapshot", cluster.upgrade_snapshot)
pulumi.export("management_token", cluster.management_token)
pulumi.export("authority", cluster.authority)
