"""The ports of a Consul agent, one table (Consul docs, install/ports)."""

HTTP = 8500
"""API and UI, TCP."""
DNS = 8600
"""DNS interface, UDP and TCP: answers too large for UDP are asked for again over TCP."""
GRPC = 8502
"""xDS and gRPC, TCP, plain text inside the private network."""
SERVER = 8300
"""Server RPC and Raft, TCP."""
SERF_LAN = 8301
"""Gossip within the datacenter, TCP and UDP."""
