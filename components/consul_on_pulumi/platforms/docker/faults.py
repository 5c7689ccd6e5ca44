"""What the Docker engine or a registry answered to its provider, as a sentence: the object, the answer, the remedy.

The provider shows the answer with the words of its own code around it.
"""

import re
from collections.abc import Mapping

import pulumi

REMEDIES = (
    ("no space left on device", "the disk of the Docker engine is full: free some space (`docker system df` shows "
     "what uses it)"),
    ("(pull access denied|unauthorized|denied: |authentication required)", "the registry refuses this image to the "
     "engine: check `image`, and log in to the registry with `docker login`"),
    ("(manifest unknown|manifest for .* not found|repository .* not found)", "the registry has no such image: check "
     "`image`"),
    ("toomanyrequests", "the registry allows no more pulls now: log in with `docker login`, or wait"),
    ("(pull|registry|image).*(connection refused|no such host|i/o timeout|no route to host|x509|TLS)", "the engine "
     "cannot reach the registry: check `image` and the network of the engine"),
    ("(Cannot connect to the Docker daemon|error during connect|Error pinging Docker|connection reset|broken pipe|"
     "unexpected EOF|EOF$)", "the Docker engine stopped answering: start it"),
    ("(port is already allocated|address already in use)", "something else uses a port of this agent: stop it, or set "
     "other `platform.docker.http_port` and `dns_port`"),
    ("(overlaps with other one|networks have overlapping)", "another network has this subnet: set another "
     "`platform.docker.subnet`"),
    ("(Address already in use|Address already allocated)", "another container has the address of this agent: stop it, "
     "or let Docker assign addresses outside the lower half of `platform.docker.subnet`"),
    ("(does not belong to any of this network|no configured subnet|user specified IP address)", "the network has "
     "another subnet: set `platform.docker.subnet` to that of `platform.docker.network`"),
    ("network .* not found", "there is no such network: create it, or correct `platform.docker.network`"),
    ("(Minimum memory limit|cannot allocate memory|memory limit)", "the limit or the machine has too little memory: "
     "raise `platform.docker.memory_mib`"),
    ("(volume is in use|remove volume)", "a container outside this stack uses the volume: remove that container"),
    ("has active endpoints", "containers outside this stack are connected to the network: remove or disconnect them"),
)  # fmt: skip
"""Regular expressions of answers, and what to do; the first that fits counts."""
_SILENT = (
    ("Host key verification failed", "sign in once with `ssh`, and accept the key of the machine if it is the right "
     "one; or name a file with that key in `ssh_opts`"),
    (r"Permission denied \(", "check the user and the key with which `ssh` signs in, in {given} and in `ssh_opts`"),
    ("Permission denied", "let this user use it: `sudo usermod --append --groups docker $USER`, then sign in again"),
    ("(certificate|TLS|SSL|tls)", "check {given}, and the certificates that it names"),
    ("(Name or service|resolution|not known)", "correct {given}: no machine has this name"),
    ("timed out", "see its log, or what is between it and this machine"),
    ("", "start it or check {given}"),
)  # fmt: skip
"""The same for a request without an answer, by what is known about the reason."""
PREFIX = re.compile(r"^.*(?:Error response from daemon: |docker: )", re.DOTALL)
"""What the provider writes before the answer of the engine."""


def remedy(text: str) -> str | None:
    """What an answer means and what to do; None for an answer that is not known."""
    return next((do for pattern, do in REMEDIES if re.search(pattern, text)), None)


def silence(why: str, given: Mapping[str, str] | None) -> str:
    """What to do about an engine that does not answer, which the settings of a provider or the environment name."""
    where = "the `host` and the credentials of its provider" if given else "$DOCKER_HOST"
    return next(do for pattern, do in _SILENT if re.search(pattern, why)).format(given=where)


def sentence(args: pulumi.ErrorHookArgs) -> str | None:
    """The newest error of an operation as a sentence; None for an answer that is not known."""
    text = " ".join(args.errors[0].split()) if args.errors else ""
    if (do := remedy(text)) is None:
        return None
    kind = re.sub("(?<!^)(?=[A-Z])", " ", args.type.rpartition(":")[2]).lower()
    name = (args.new_inputs or args.old_inputs or {}).get("name", args.name)
    answer = PREFIX.sub("", text).rstrip(".")
    return (
        f"{kind} {name}: Docker answered {answer!r} to its {args.failed_operation}. {do[0].upper()}{do[1:]}. Then run "
        "the command again: it continues where it stopped"
    )
