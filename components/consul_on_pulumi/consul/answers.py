"""What an agent or the network answered, as a sentence: which agent, what it answered, and what to do."""

import re
import ssl
from collections.abc import Iterator
from typing import Any

import requests

SHOWN = 300
"""The most characters of an answer that a message shows."""

_TOKEN = "give the program a token that may do this with `pulumi config set --secret token`"
_REPAIR = "`pulumi refresh` and `pulumi up` repair what has stopped, and its log says why"
_TLS = "check CONSUL_CACERT, CONSUL_CAPATH, CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY"
_CLOCKS = "compare the clocks of this machine and of the agents; if they are right, renew the certificate"
_LIMITS = "`limits.request_limits` or `limits.http_max_conns_per_client`"
_RIGHTS = {"/v1/agent/members": "node:read"}
"""The right that shows all of an answer, by path."""
FILTERED = "X-Consul-Results-Filtered-By-ACLs"
"""Header of an answer that lacks what the token may not read."""
NO_ACLS_YET = "ACL system must be bootstrapped"
"""Consul's answer while no server that leads has ACLs: at the first start of a cluster, and while servers get ACLs one
by one. It says nothing about the token."""
EXISTS = re.compile("already (exists|in use)")
"""A part of Consul's answer to a request that would create a policy or token twice."""
NO_LEADER = f"a majority of the servers must run and reach each other; {_REPAIR}"
_REMEDIES = (
    ((403,), "Access is restricted", "remove `http_config.allow_write_http_from`, which shuts this program out. If it "
     "leads, run `consul operator raft transfer-leader` in its container first"),
    ((403,), "blocked by agent configuration", "remove the endpoint from `http_config.block_endpoints`"),
    ((401, 403), NO_ACLS_YET, "the cluster has no leader with ACLs yet, run it again later"),
    ((401, 403, 409, 500), "ACL not found", f"the cluster does not know the token: {_TOKEN}"),
    ((401, 403), "", _TOKEN),
    ((409, 500), "Permission denied", _TOKEN),
    ((413,), "", "raise `limits.kv_max_value_size` of the servers, or make the value smaller"),
    ((429,), "", f"raise {_LIMITS} of the agents, or run it again later"),
    ((500,), "no space left on device", "the volume of its data is full, free some space there and run it again"),
    ((500, 503), "rate limit", f"raise {_LIMITS} of the servers, or run it again later"),
    ((500, 503), "leader", NO_LEADER),
    ((500,), "SecretID is already in use", "another token has it, see `consul acl token list -detailed`"),
    (range(500, 600), "", f"see the log of that agent; {_REPAIR}"),
    ((404, 405), "", "this release of Consul does not have that request, use a later one"),
    ((), "", "see the log of that agent, and whether `image` is a release of Consul that this program supports"),
)  # fmt: skip
"""Status codes (none stands for all), a part of the answer's text, and what to do; the first that fits counts."""


def may_not_read(right: str) -> str:
    """Why an answer lacks something, and what to do: the token has not this right for all that was asked for."""
    return f"the token lacks {right}, so what is missing proves nothing; {_TOKEN}"


def is_filtered(answer: requests.Response) -> bool:
    """Whether the answer lacks what the token may not read."""
    return answer.headers.get(FILTERED) == "true"


def is_refused(answer: requests.Response) -> bool:
    """Whether the agent refuses the token, or the request because of it."""
    return answer.status_code in (401, 403) and NO_ACLS_YET not in answer.text


def is_duplicate(answer: requests.Response) -> bool:
    """Whether a policy or token was not created because there is one already: it will be refused again."""
    return answer.status_code == 500 and bool(EXISTS.search(answer.text))


def refusal(agent: str, answer: requests.Response) -> str:
    """An answer that is an error, or that lacks what was asked for."""
    if is_filtered(answer):
        path = answer.request.path_url.partition("?")[0]
        return f"{agent} hides a part of {path}: {may_not_read(_RIGHTS.get(path, 'a right to read'))}"
    text = " ".join(answer.text.split())[:SHOWN].rstrip(".")
    request = answer.request
    path = request.path_url.partition("?")[0]
    if not path.startswith("/v1/"):
        # A proxy on the way has a path of its own before Consul's.
        path = f"/{path.partition('/proxy/')[2]}"
    return (
        f"{agent} answered {request.method} {path} with {answer.status_code} {text}: {remedy(answer.status_code, text)}"
    )


def remedy(status: int, text: str) -> str:
    """What to do about an error with this HTTP status and text."""
    return next(do for codes, part, do in _REMEDIES if (not codes or status in codes) and part in text)


def silence(agent: str, error: requests.RequestException) -> str:
    """A request without an answer."""
    if isinstance(error, requests.exceptions.InvalidHeader):
        # Its text has the header, which is the token.
        return f"{agent} was not asked, no header can carry the token: {_TOKEN}"
    if error.args and isinstance(error.args[0], str):
        # From the adapter of a platform.
        return f"{agent} cannot be reached ({error.args[0]}): {_REPAIR}"
    causes = list(_causes(error))
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls or isinstance(error, requests.exceptions.SSLError):
        reason = getattr(tls, "verify_message", None) or getattr(tls, "reason", None) or "no TLS"
        fix = _CLOCKS if re.search("expired|not yet valid", reason) else _TLS
        return f"{agent} has no TLS connection with this program ({reason}): {fix}"
    if isinstance(error, requests.Timeout):
        return f"{agent} does not answer in time: {_REPAIR}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"{agent} broke off its answer: run it again"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"{agent} refuses connections: {_REPAIR}"
    reason = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no answer")
    return f"{agent} cannot be reached ({reason}): {_REPAIR}"


def content(agent: str, answer: requests.Response) -> Any:
    """The JSON of an answer. Raises ValueError with a sentence if it is something else."""
    try:
        return answer.json()
    except requests.JSONDecodeError:
        text = " ".join(answer.text.split())[:80]
        raise ValueError(f"{agent} answered {text!r}, which is not Consul: see what else listens there") from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors inside an error of requests and urllib3, from the outside in."""
    yield error
    inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
    for found in inner:
        if isinstance(found, BaseException):
            yield from _causes(found)
            return
