"""The control plane of a cluster of plain processes: etcd, the API server, controllers, DNS, storage."""
