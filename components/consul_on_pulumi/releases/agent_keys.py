"""Which agent configuration a user may set: Consul's keys of one release without those that the platform sets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.releases.formats import formats
from consul_on_pulumi.releases.release import Release, text

OWNED = {
    "advertise_addr": "the address follows from the agent's ordinal",
    "bind_addr": "the address follows from the agent's ordinal",
    "bootstrap": "the first election follows from `servers`",
    "bootstrap_expect": "the first election follows from `servers`",
    "client_addr": "the published address follows from `platform`",
    "data_dir": "the data is on the agent's own volume",
    "datacenter": "set `datacenter` beside it",
    "disable_host_node_id": "agents on one host would clash with any other value",
    "node_id": "the ID is on the agent's own volume",
    "node_name": "the name follows from the agent's ordinal",
    "ports": "the published ports follow from `platform`",
    "retry_join": "agents join every server by name",
    "server": "the role follows from the tier",
}
"""Keys that a user may not set, and why."""

SECRET = ("encrypt", "acl.tokens", "auto_config.intro_token", "audit", "cloud")
"""Keys with secrets, which would be readable in `docker inspect` and in previews."""

MERGED = ("autopilot", "limits", "performance", "telemetry", "ui_config")
"""Maps in which the program sets some keys and a user may set others."""

TOP = "Config"
"""The name of the outermost map in the table."""

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "text": ("text", (str,)),
    "flag": ("true or false", (bool,)),
    "number": ("a number", (int, float)),
}


def known() -> set[str]:
    """The outermost keys that some release has and a user may set, without deprecated ones."""
    return formats().types[TOP].keys() - formats().successors.keys() - OWNED.keys()


def problems(config: Mapping[str, Any], path: str, release: Release | None, *, secret: bool = False) -> Iterator[str]:
    """Every key of `config` that Consul does not know or that the program sets itself, and values of another type.

    `release` is that of the image; without it every release counts. If `config` is `secret`, it may have keys with
    secrets, and no message shows a value, nor a key that could be one.
    """
    yield from _Check(release, secret).keys(config, TOP, path, "")
    for name in () if secret else SECRET:
        if _has(config, name.split(".")):
            yield (
                f"{path}.{name}: would be readable by everyone who may inspect the container, "
                "set it in a file of `agent_secrets`, which is encrypted"
            )


@dataclass(frozen=True, slots=True)
class _Check:
    release: Release | None
    secret: bool

    def keys(self, config: Mapping[str, Any], of: str, path: str, prefix: str) -> Iterator[str]:
        """The problems of a map that the table calls `of`; `prefix` is where it is in the whole document."""
        keys = formats().types[of]
        for key, value in config.items():
            at, whole = f"{path}.{key}", f"{prefix}{key}"
            # Consul ignores case, but what is merged with our own keys must be spelt as they are.
            known = key if not prefix or prefix.startswith(MERGED) else str(key).lower()
            if not prefix and key in OWNED:
                yield f"{at}: not for agent configuration, {OWNED[key]}"
            elif (successor := formats().successors.get(whole)) is not None:
                yield f"{at}: deprecated, {_instead(successor)}"
            elif known not in keys:
                similar = suggestion(str(key), keys.keys() - formats().successors.keys() - OWNED.keys())
                # Only a key that is similar to one of Consul's is certainly no secret.
                shown = path if self.secret and not similar else at
                if similar or self.release is None or formats().covers(self.release):
                    yield f"{shown}: Consul has no such key{similar}"
            elif missing := formats().missing(f"{of}.{known}", self.release):
                yield f"{at}: {missing}, the image is {text(self.release or (0, 0, 0))}"
            else:
                yield from self.value(value, keys[known], at, f"{whole}.")

    def value(self, value: Any, kind: str, path: str, prefix: str) -> Iterator[str]:
        """The problems of a value. A value that is not known yet, and one that is missing, are not checked here."""
        if kind == "any" or not isinstance(value, Mapping | list | str | bool | int | float):
            return
        if kind in _KINDS:
            word, types = _KINDS[kind]
            # Of a list with one value, Consul takes the value.
            one = value[0] if isinstance(value, list) and len(value) == 1 else value
            if not isinstance(one, types) or (kind == "number" and isinstance(one, bool)):
                yield self.expected(word, value, path)
        elif kind.startswith("[]") and isinstance(value, list):
            for number, one in enumerate(value):
                yield from self.value(one, kind[2:], f"{path}[{number}]", prefix)
        elif kind.startswith("{}") and isinstance(value, Mapping):
            for name, one in value.items():
                yield from self.value(one, kind[2:], f"{path}.{name}", prefix)
        elif kind in formats().types and isinstance(value, Mapping):
            yield from self.keys(value, kind, path, prefix)
        elif kind.startswith("[]") or not isinstance(value, list) or prefix.startswith(MERGED):
            yield self.expected("a list" if kind.startswith("[]") else "a map", value, path)

    def expected(self, what: str, value: Any, path: str) -> str:
        return f"{path}: expected {what}" + ("" if self.secret else f", got {value!r}")


def _instead(successor: str) -> str:
    """What to do instead of a deprecated key."""
    if successor in OWNED:
        return f"remove it: {OWNED[successor]}"
    return f"set {successor} instead" if successor else "remove it: Consul ignores it"


def _has(config: Any, keys: list[str]) -> bool:
    return not keys or (isinstance(config, Mapping) and keys[0] in config and _has(config[keys[0]], keys[1:]))
