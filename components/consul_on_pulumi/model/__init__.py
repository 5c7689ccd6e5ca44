"""The rules of a Consul cluster in pure functions: no Pulumi, no network, no files."""
