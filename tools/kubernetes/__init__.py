"""A Kubernetes cluster on this machine: the user's own, else one of kind, else one of plain processes."""
