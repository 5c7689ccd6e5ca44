"""The command `consul-on-pulumi`: what an operator does with a cluster in addition to `pulumi up`."""
