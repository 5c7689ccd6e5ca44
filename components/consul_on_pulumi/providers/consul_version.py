"""ConsulVersion: records the release of Consul that the servers run, and takes a snapshot before another one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, UpdateResult

from consul_on_pulumi.consul import snapshot_files, state_folder
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.rollout import ClusterView
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource, known_addresses
from consul_on_pulumi.releases import raft_log, upgrade
from consul_on_pulumi.releases.release import Release, parse
from consul_on_pulumi.releases.upgrade import Change


class Wanted(TypedDict, total=False):
    """What the settings say about the release of the servers."""

    path: str
    """The path of the settings, for messages."""
    cluster: str
    """The component that a snapshot is named after, as `consul-on-pulumi snapshot` does."""
    image: pulumi.Input[str]
    """The image of the servers."""
    raft_log: pulumi.Input[str]
    """The `raft_logstore.backend` of the servers."""
    version: pulumi.Input[str]
    """The release in the image, or an empty text if nobody knows it."""
    clients: int
    """How many clients follow."""
    snapshot: str
    """Whether to take a snapshot: ALWAYS, IF_POSSIBLE or NEVER."""
    stack: Sequence[str]
    """Project and stack."""


ALWAYS, IF_POSSIBLE, NEVER = "always", "if possible", "never"
"""Whether to take a snapshot before an upgrade. `if possible`: where its folder can be written and a server leads."""


class ConsulVersionProvider(ConsulProvider):
    """Compares the wanted release with those that run. It changes nothing in Consul."""

    # Nothing less may take a snapshot.
    token = "management"

    compared = ("image", "version")

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Put into the inputs what the change is, so that a preview shows it."""
        change = self._change(olds, news)
        first = ". A snapshot is taken first" if change.kind == upgrade.UPGRADE and news["snapshot"] != NEVER else ""
        return super().check(olds, {**news, "change": change.text + first, "kind": change.kind})

    def problems(self, olds: Properties, news: Properties) -> Iterable[str]:
        """An upgrade that Consul's rules forbid, and another store for the only copy of the data."""
        if news["kind"] == upgrade.FORBIDDEN:
            yield f"{news['path']}.image: {news['change']}"
        # No other change of the log loses data, so for none is a server asked.
        if news.get("raft_log") == raft_log.BOLTDB and (olds or known_addresses(news)):
            before = olds.get("raft_log", raft_log.DEFAULT) if olds else ""
            if problem := raft_log.problem(before, news["raft_log"], len(news["names"]), _view(news)):
                yield f"{news['path']}.{problem}"

    def _change(self, olds: Properties, news: Properties) -> Change:
        if not isinstance(news["version"], str):
            return Change()
        wanted, running = parse(news["version"]), _running(news)
        if not running and (recorded := parse(olds.get("version", ""))):
            running = dict.fromkeys(news["names"], recorded)
        # Servers that run another release than an image is said to have do not change if the image stays.
        settled = not any(olds.get(key) != news[key] for key in self.compared) and len(set(running.values())) == 1
        if wanted is None or not running or settled:
            return Change()
        return upgrade.change(running, wanted, int(news["clients"]))

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether servers run another release than the wanted one."""
        return bool(news.get("change"))

    def create(self, props: Properties) -> CreateResult:
        """Take a snapshot if an older release runs already, which an earlier version of this package started."""
        return CreateResult("version", {**props, "snapshot_file": _snapshot(props)})

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Take a snapshot before an upgrade."""
        return UpdateResult({**news, "snapshot_file": _snapshot(news) or olds.get("snapshot_file", "")})


class ConsulVersion(ProviderResource, module="consul-on-pulumi", name="ConsulVersion"):
    """The release of the servers; they depend on it."""

    image: pulumi.Output[str]
    """The image whose release was checked. Servers have no other, also where `--target` leaves this resource out."""
    snapshot_file: pulumi.Output[str]
    """The snapshot that was taken before the last upgrade, on the machine that did it; empty if none was taken."""

    def __init__(
        self,
        name: str,
        wanted: Wanted,
        names: Sequence[str],
        addresses: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the node names of the servers, `addresses` the base URLs of their own HTTP APIs."""
        super().__init__(ConsulVersionProvider(), name, {**wanted, "names": names, "addresses": addresses}, opts)


def _view(props: Properties) -> ClusterView:
    """The current state of the servers; of none while their addresses are not known."""
    if addresses := known_addresses(props):
        return Servers(props["names"], addresses, connection_of(props)).view()
    return ClusterView(status={}, voters={})


def _running(props: Properties) -> Mapping[str, Release]:
    """The release of each server that answers, by node name."""
    return {name: found for name, one in _view(props).status.items() if (found := parse(one.version))}


def _snapshot(props: Properties) -> str:
    """Take a snapshot if the change is an upgrade, or if nobody knows what it is; returns its path or an empty text."""
    servers = Servers(props["names"], props["addresses"], connection_of(props))
    view, wanted = servers.view(), parse(props["version"])
    running = [found for one in view.status.values() if (found := parse(one.version))]
    upgrades = bool(running) and (wanted is None or min(running) < wanted)
    if not upgrades or props["snapshot"] == NEVER or (not view.led and props["snapshot"] == IF_POSSIBLE):
        return ""
    try:
        folder = state_folder.of("snapshots", *props["stack"])
    except OSError:
        if props["snapshot"] == IF_POSSIBLE:
            return ""
        raise
    file = snapshot_files.new_file(folder, props["cluster"])
    try:
        snapshot_files.save(props["addresses"], connection_of(props), file)
    except (RefusedError, UnreachableError, snapshot_files.DamagedError, OSError) as error:
        raise RolloutStoppedError(
            f"no snapshot before the upgrade, no server was touched: {error}. Repair the cluster, or set "
            f"{props['path']}.snapshot_before_upgrade to false"
        ) from error
    return str(file)
