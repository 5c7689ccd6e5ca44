"""The package as a Pulumi plugin: its components and providers for programs in any language."""
