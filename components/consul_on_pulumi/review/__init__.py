"""What a preview means for a Consul cluster, as Markdown for a pull request."""
