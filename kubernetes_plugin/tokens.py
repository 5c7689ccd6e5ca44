"""Type tokens, kinds and identities: which Kubernetes object a Pulumi resource is."""

from dataclasses import dataclass

from kubernetes_plugin.objects import Object, name_of, namespace_of

# Modules of the SDK whose resources are made of other resources; the engine asks for them by `construct` or `invoke`.
COMPOSED = ("helm.sh/", "yaml", "kustomize")


class UnknownTypeError(Exception):
    """A type token that this plugin does not serve."""


@dataclass(frozen=True)
class Kind:
    """Group, version and kind, as in ``apps/v1`` ``StatefulSet``."""

    api_version: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version inside the group."""
        return self.api_version.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.api_version}/{self.name}"


def kind_of_urn(urn: str) -> Kind:
    """The kind that a resource's URN stands for.

    Raises ``UnknownTypeError`` for what is not one Kubernetes object.
    """
    token = type_of_urn(urn)
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    group, _, version = module.partition("/")
    if package != "kubernetes" or not version or not name or module.startswith(COMPOSED):
        raise UnknownTypeError(
            f"{token} is not served by this plugin, which knows single Kubernetes objects; Helm charts, YAML files and "
            "kustomizations need the official Kubernetes plugin"
        )
    if name.endswith("Patch"):
        raise UnknownTypeError(f"{token} is not served by this plugin; patches need the official Kubernetes plugin")
    if name.endswith("List"):
        raise UnknownTypeError(f"{token} cannot be created directly; use the resource type of its items")
    return Kind(version if group == "core" else f"{group}/{version}", name)


def type_of_urn(urn: str) -> str:
    """The type token in a URN, without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of_urn(urn: str) -> str:
    """The logical name in a URN."""
    return urn.split("::", 3)[3]


def kind_of(obj: Object) -> Kind:
    """The kind that a document names."""
    api_version = str(obj.get("apiVersion", ""))
    return Kind(api_version.removeprefix("core/"), str(obj.get("kind", "")))


def resource_id(obj: Object) -> str:
    """``namespace/name``, or ``name`` alone of what has no namespace."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def parse_id(resource_id: str) -> tuple[str, str]:
    """Namespace (may be empty) and name."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace, name
