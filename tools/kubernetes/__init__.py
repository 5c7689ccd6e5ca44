"""A Kubernetes cluster on this machine: the user's own, else kind's, else one made of plain processes."""
