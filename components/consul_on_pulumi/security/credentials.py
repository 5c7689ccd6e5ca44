"""Credentials: the gossip key and the ACL tokens of one cluster, generated once and again on request."""

import base64
import re
import secrets
from collections.abc import Iterator, Mapping
from uuid import UUID

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul import acl, keyring
from consul_on_pulumi.consul.api import Consul, RefusedError
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import evidence
from consul_on_pulumi.providers.provider import UPDATE_TIMEOUT, ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options

MANAGEMENT = "management"
"""The token that may do everything: for people, and for the steps that nothing less can do."""
GOSSIP_KEY_BYTES = 32
"""AES-256 (Consul docs, `consul keygen`)."""
TOKENS, MANAGEMENT_TOKEN, GOSSIP_KEY = "tokens", "management_token", "gossip_key"
"""What `security.rotate` generates again."""
SAME_TOKEN = (
    "security_secrets: management.token: expected another token than the present one, since "
    "`security.rotate.management_token` changed: give another one, or restore the old word"
)
"""Why a token cannot replace itself, and what to do."""


class CredentialsProvider(ConsulProvider):
    """Generates what is missing, keeps what there is, and generates again what is asked for.

    Consul knows a new key and new tokens before anybody uses them. What they replace stays valid until Retired.
    """

    compared = ("names",)

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """What is given and is no key and no token."""
        given = news.get("given") or {}
        known = {name: text for name, text in given.items() if isinstance(text, str)} if isinstance(given, dict) else {}
        if not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", known.get(MANAGEMENT, _uuid())):
            yield "security_secrets: management.token: expected a UUID in lower case"
        if not _is_gossip_key(known.get(GOSSIP_KEY, _key())):
            yield "security_secrets: gossip.key: expected 16, 24 or 32 bytes in base64, as `consul keygen` prints them"

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update if there is a token that no earlier version knew, or if a word of `rotate` changed.

        Raises RefusedError for a management token that replaces itself.
        """
        again, present = _again(olds, news), olds["tokens"].get(MANAGEMENT)
        if MANAGEMENT_TOKEN in again and present and _given(news, MANAGEMENT) == present:
            raise RefusedError(SAME_TOKEN)
        return DiffResult(changes=not set(news["names"]) <= olds["tokens"].keys() or bool(again))

    def create(self, props: Properties) -> CreateResult:
        """Generate everything."""
        return CreateResult(secrets.token_hex(8), self._generated({}, props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Generate what is missing or asked for. Raises UnreachableError and RefusedError."""
        again, found = _again(olds, news), self._generated(olds, news)
        if not again:
            return UpdateResult(found)
        token = olds["tokens"][MANAGEMENT]
        connection: Connection = {**connection_of(news), "token": token, "authority": news["authority"]}
        servers = evidence.operations(news["location"]).agents(news["location"], Role.SERVER, connection)
        consul = Consul(list(servers.values()), connection, UPDATE_TIMEOUT)
        for name in news["names"]:
            if (MANAGEMENT_TOKEN if name == MANAGEMENT else TOKENS) in again:
                old = acl.accessor(consul, olds["tokens"][name])
                found["tokens"][name] = _given(news, name) or _uuid()
                # A token that is given may be there, for instance since an update that stopped.
                found["ids"][name] = acl.accessor(consul, found["tokens"][name]) or _uuid()
                policy = acl.GLOBAL_MANAGEMENT if name == MANAGEMENT else name
                new = acl.Token(found["ids"][name], found["tokens"][name], [policy])
                acl.apply(consul, {}, {f"{news['cluster']} {name}": new})
                # Somebody may have deleted the old one, and what was retired may be given again.
                found["retired"] = [one for one in (*found["retired"], old) if one not in (None, found["ids"][name])]
        if GOSSIP_KEY in again:
            found["gossip_key"] = _given(news, GOSSIP_KEY) or _key()
            keyring.use(consul, found["gossip_key"])
        return UpdateResult(found)

    def _generated(self, olds: Properties, news: Properties) -> Properties:
        # The ID by which people see a token is generated as well: nothing else may follow from its secret.
        generated = {kind: {name: _uuid() for name in news["names"]} | olds.get(kind, {}) for kind in ("tokens", "ids")}
        if MANAGEMENT not in olds.get("tokens", {}) and (own := _given(news, MANAGEMENT)):
            generated["tokens"][MANAGEMENT] = own
        key = olds.get("gossip_key") or _given(news, GOSSIP_KEY) or _key()
        return {**news, "gossip_key": key, "retired": olds.get("retired") or [], **generated}


class Credentials(ProviderResource, module="consul-on-pulumi", name="Credentials"):
    """The gossip key and the ACL tokens. All of them are secrets from birth to use."""

    gossip_key: pulumi.Output[str]
    """In base64, as Consul reads it."""
    tokens: pulumi.Output[dict[str, str]]
    """Name to the secret ID of a token."""
    ids: pulumi.Output[dict[str, str]]
    """Name to the accessor ID of a token, which is no secret."""
    retired: pulumi.Output[list[str]]
    """The accessor IDs of all tokens that were replaced."""

    def __init__(
        self,
        name: str,
        names: list[str],
        cluster: str,
        rotate: Mapping[str, str],
        location: Mapping[str, pulumi.Input[str]],
        authority: pulumi.Input[str],
        given: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are those of the tokens; `rotate` are the words of a RotateArgs; the agents' certificates are by the
        `authority`, and `location` is that of the platform. What is `given` is taken and not generated."""
        hidden = with_options(opts, additional_secret_outputs=["gossip_key", "tokens"])
        words = {key: rotate[key] for key in (TOKENS, MANAGEMENT_TOKEN, GOSSIP_KEY)}
        props = {"names": names, "cluster": cluster, "rotate": words, "location": location, "authority": authority}
        if given:
            props["given"] = {key: pulumi.Output.secret(one) for key, one in given.items()}
        super().__init__(CredentialsProvider(), name, props, hidden)
        # Mocks may leave it out.
        self.tokens = self.tokens.apply(lambda generated: generated or dict.fromkeys(names, ""))


def _given(props: Properties, name: str) -> str:
    """What is given, as far as a preview knows it; else an empty text."""
    given = props.get("given")
    found = given.get(name) if isinstance(given, Mapping) else ""
    return found if isinstance(found, str) else ""


def _is_gossip_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) in (16, 24, 32)
    except ValueError:
        return False


def _again(olds: Properties, news: Properties) -> set[str]:
    """What is to be generated again."""
    before, after = olds.get("rotate") or {}, news.get("rotate") or {}
    return {what for what, word in after.items() if word != before.get(what, "")}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(GOSSIP_KEY_BYTES)).decode()


def _uuid() -> str:
    return str(UUID(bytes=secrets.token_bytes(16), version=4))
