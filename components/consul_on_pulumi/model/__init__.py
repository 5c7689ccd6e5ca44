"""What a Consul cluster is: pure Python, no Pulumi, no input or output."""
