import * as pulumi from "@pulumi/pulumi";
import * as consul from "consul-on-pulumi";

const config = new pulumi.Config();

const cluster = new consul.ConsulCluster("typescript-example", {
    datacenter: "dev",
    servers: config.getNumber("servers") ?? 3,
    clients: 1,
    agentConfig: { log_level: config.get("logLevel") ?? "WARN" },
    // Everyone who reaches an agent may read, without a token.
    security: { anonymous: "read" },
    seeds: { app: { name: "web", replicas: 3 } },
    platform: { docker: { subnet: "172.30.7.0/24" } },
});

export const uiUrls = cluster.uiUrls;
export const httpAddresses = cluster.httpAddresses;
export const leaderAddress = cluster.leaderAddress;
