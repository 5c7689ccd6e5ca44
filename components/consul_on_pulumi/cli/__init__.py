"""What an operator does to a running cluster, beside `pulumi up`."""
