"""Clients of one Consul cluster: HTTP API, KV store, Raft and autopilot. They do not depend on Pulumi resources."""
