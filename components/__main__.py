"""The plugin that serves the components to programs in other languages (PulumiPlugin.yaml beside this file)."""

from consul_on_pulumi.plugin.host import serve

if __name__ == "__main__":
    serve()
