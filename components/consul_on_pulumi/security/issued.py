"""IssuedCertificates: certificates that a controller of the platform makes and renews, such as cert-manager.

They are in objects that agents mount, and whose files they watch. This program looks at them, and changes nothing.
"""

import time
from collections.abc import Iterator, Mapping, Sequence

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.closed import ISSUED
from consul_on_pulumi.model.connection import UNKNOWN, connection_of
from consul_on_pulumi.providers import engine_log, evidence
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.security import expiry

TIMEOUT = 60.0
"""Seconds for the Secrets of a new cluster to exist: the same update may have asked for them."""
PATH = "platform.kubernetes.certificates"
"""The setting with their names."""


class IssuedCertificatesProvider(ConsulProvider):
    """Reads the Secrets. What agents trust is in them as well, so another authority is an update."""

    compared = ("names",)

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """What agents could not use. A Secret that does not exist yet may exist in the update."""
        found = _read_if_answered(news)
        if missing := sorted(name for name, files in found.items() if not files):
            engine_log.warn(f"{PATH}: {', '.join(missing)} does not exist yet, so `pulumi up` waits for it")
        yield from _problems(news, {name: files for name, files in found.items() if files})

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether another authority signs them now."""
        found = _read_if_answered(news)
        present = [files for files in found.values() if files]
        expiry.is_due(_certificates(found))
        return len(present) == len(news["names"]) and _authority(present) != olds["authority"]

    def certificates(self, outs: Properties) -> Iterator[expiry.Certificate]:
        """What is in the Secrets now. Raises UnreachableError and RefusedError."""
        yield from _certificates(_read(outs))

    def create(self, props: Properties) -> CreateResult:
        """Wait for the Secrets. Raises RefusedError for what agents could not use."""
        deadline = time.monotonic() + TIMEOUT
        while not all((found := _read(props)).values()):
            if time.monotonic() > deadline:
                missing = ", ".join(name for name, files in found.items() if not files)
                raise RefusedError(
                    f"{PATH}: no Secret {missing} in the namespace {props['location']['namespace']} after "
                    f"{TIMEOUT:.0f} s: see `kubectl describe certificate` there"
                )
            time.sleep(1)
        if problems := list(_problems(props, found)):
            raise RefusedError("; ".join(problems))
        return CreateResult("issued", {**props, "authority": _authority(list(found.values()))})


class IssuedCertificates(ProviderResource, module="consul-on-pulumi", name="IssuedCertificates"):
    """What is in the Secrets with the certificates of a cluster."""

    authority: pulumi.Output[str]
    """The authorities that signed them, as PEM."""

    def __init__(
        self,
        name: str,
        location: Mapping[str, pulumi.Input[str]],
        names: pulumi.Input[Mapping[str, Sequence[str]]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the DNS names that a certificate must have, by the name of its Secret; `location` is that
        of the platform."""
        props = {"location": location, "names": names}
        super().__init__(IssuedCertificatesProvider(), name, props, opts)
        # Mocks may leave it out.
        self.authority = self.authority.apply(lambda found: found or "")


def _read(props: Properties) -> dict[str, dict[str, str]]:
    """The files in each Secret; none where it does not exist."""
    location, connection = props["location"], connection_of(props)
    platform = evidence.operations(location)
    return {name: platform.secret(location, name, connection) for name in props["names"]}


def _read_if_answered(props: Properties) -> dict[str, dict[str, str]]:
    """The same; nothing while a preview does not know their names or where they are, or where nobody answers."""
    location = props["location"].values()
    is_known = isinstance(props["names"], Mapping) and all(isinstance(one, str) for one in location)
    if UNKNOWN in connection_of(props) or not is_known:
        return {}
    try:
        return _read(props)
    except (RefusedError, UnreachableError) as error:
        engine_log.not_compared("the certificates", error)
        return {}


def _problems(props: Properties, found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    from consul_on_pulumi.security import foreign

    whole = {}
    for name, files in found.items():
        if missing := [key for key in ISSUED.values() if not files.get(key)]:
            yield f"{PATH}: expected {', '.join(missing)} in the Secret {name}, got {', '.join(files)}"
        else:
            whole[name] = files
    for name, files in whole.items():
        pair = (files[ISSUED["certificate"]], files[ISSUED["key"]])
        # Each agent has to trust those of the other tier too.
        for other in whole.values():
            authority = other[ISSUED["authority"]]
            found_problems = [
                *foreign.authority_problems(authority, expiry.now()),
                *foreign.pair_problems(pair, props["names"][name], authority, expiry.now()),
            ]
            if found_problems:
                yield f"{PATH}: Secret {name}: {'; '.join(found_problems)}"
                break


def _certificates(found: Mapping[str, Mapping[str, str]]) -> Iterator[expiry.Certificate]:
    for name, files in found.items():
        remedy = f"What makes the Secret {name} has to renew it: see `kubectl describe certificate`"
        for what, key in (("authority", ISSUED["authority"]), ("certificate", ISSUED["certificate"])):
            if files.get(key):
                yield expiry.Certificate(f"the {what} in the Secret {name}", files[key], remedy)


def _authority(found: Sequence[Mapping[str, str]]) -> str:
    return "".join(dict.fromkeys(files[ISSUED["authority"]] for files in found))
