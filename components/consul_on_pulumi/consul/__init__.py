"""The clients of one Consul cluster: HTTP API, KV store, Raft and autopilot. Nothing in here knows Pulumi."""
