"""Why `consul-on-pulumi recover` does nothing with servers that are pods."""

SERVER_TYPE = "kubernetes:apps/v1:StatefulSet"
"""Type of the resource that runs the servers."""
FAILURES = ()
"""What this module raises: nothing."""
UNSUPPORTED = (
    "a lost quorum cannot be recovered on Kubernetes: bring back the missing pods if their volume claims still exist, "
    "else create a new cluster (`pulumi destroy`, `pulumi up`) and restore a snapshot (`consul-on-pulumi restore`)"
)
"""Why there is no recovery on this platform, and what to do instead."""
