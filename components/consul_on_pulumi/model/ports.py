"""The ports of a Consul agent (Consul docs, install/ports)."""

HTTP = 8500
"""API and UI, TCP."""
HTTPS = 8501
"""The same with TLS, in a cluster with `security`."""
DNS = 8600
"""DNS interface, UDP and TCP: resolvers repeat a query over TCP if the answer is too large for UDP."""
GRPC = 8502
"""xDS and gRPC, TCP, plain text inside the private network."""
GRPC_TLS = 8503
"""xDS and gRPC with TLS, in a cluster with `security`."""
SERVER = 8300
"""Server RPC and Raft, TCP."""
SERF_LAN = 8301
"""Gossip within the datacenter, TCP and UDP."""
