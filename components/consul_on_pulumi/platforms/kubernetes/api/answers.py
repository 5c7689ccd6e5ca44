"""What the API server, or what stands before it, answered as a sentence: which request, the answer, and what to do."""

import json
import re
from urllib.parse import urlsplit

import requests

from consul_on_pulumi.model.connection import UNKNOWN_YET

SERVER = "the Kubernetes API server"
SHOWN = 300
"""The most characters of an answer that a message shows."""
MOST_CAUSES = 10
"""How many errors may be wrapped in each other."""
SIGN_IN = "its credentials in the kubeconfig are missing, wrong or expired, so sign in again"
"""What to do if the API server does not know who asks."""
HEALTH = "`kubectl get --raw '/readyz?verbose'` shows what it lacks; then run it again"
REMEDIES = (
    ((401,), "", SIGN_IN),
    ((403,), "system:anonymous", SIGN_IN),
    ((403,), "exceeded quota", "raise the ResourceQuota of the namespace, or ask for less in `platform.kubernetes`"),
    ((403,), "violates PodSecurity", "allow it to the namespace with the label `pod-security.kubernetes.io/enforce`"),
    ((403,), "being terminated", "wait until the namespace is gone, and run it again"),
    ((403, 422), "resize|expand", "use a StorageClass with `allowVolumeExpansion`, or the size from before"),
    ((403,), "", "give the user of this kubeconfig the right to do this, or use another context"),
    ((409,), "", "something else changed the object at the same time, so run it again"),
    ((413,), "", "the object is too large for Kubernetes: make its data smaller"),
    ((400, 422), "", "correct the setting that the answer names"),
    ((404, 405), "", "this cluster does not have that request: use a later release of Kubernetes"),
    ((429,), "", "it has too much to do: run it again later"),
    (range(500, 600), "calling webhook", "repair or remove the webhook that the answer names"),
    (range(500, 600), "", HEALTH),
    ((), "", "see what answers at the address in the kubeconfig"),
)  # fmt: skip
"""Status codes (none stands for all), a regular expression of the answer, what to do; the first that fits counts."""
CHECK = "start it, or check the address in the kubeconfig with `kubectl cluster-info`"
_SILENT = (
    (UNKNOWN_YET, "the next update knows it"),
    ("kubeconfig|context", "correct `platform.kubernetes.kubeconfig` and `context`, or `$KUBECONFIG`"),
    ("expired|not yet valid", "compare the clocks of this machine and of the API server, or renew its certificate"),
    ("certificate|SSL|TLS|ssl", "correct the `certificate-authority` of the cluster in the kubeconfig"),
    ("Name or service|resolution|resolve|No address", "correct the name of the API server in the kubeconfig"),
    ("", CHECK),
)
"""The same for a request without an answer, by what is known about the reason."""


def refusal(answer: requests.Response) -> str:
    """An answer that is an error."""
    text = message(answer) or " ".join(f"{answer.reason or ''} {answer.text}".split())[:SHOWN]
    return f"{_asked(answer)} with {answer.status_code} {text.rstrip('.')}: {remedy(answer.status_code, text)}"


def remedy(status: int, text: str) -> str:
    """What to do about an error with this HTTP status and text."""
    return next(do for codes, part, do in REMEDIES if (not codes or status in codes) and re.search(part, text))


def foreign(answer: requests.Response) -> str:
    """An answer that is no object of Kubernetes."""
    text = " ".join(answer.text.split())[:80]
    return f"{_asked(answer)} with {text!r}, which is not Kubernetes: see what listens at its address"


def silence(error: requests.RequestException) -> str:
    """A request without an answer."""
    why = reason(error)
    do = next(do for part, do in _SILENT if re.search(part, why))
    return f"{SERVER} does not answer ({why}): {do}"


def handshake(error: BaseException) -> str:
    """Why a WebSocket was not opened: what was answered, and what to do."""
    if not (status := getattr(error, "status_code", 0)):
        return f"{error}: {CHECK}"
    text = _message(getattr(error, "resp_body", None) or b"") or str(getattr(error, "status_message", ""))
    return f"{status} {text.rstrip('.')}: {remedy(status, text)}"


def message(answer: requests.Response) -> str | None:
    """The error message of the API server itself, or None if something else answered."""
    return _message(answer.content)


def _message(content: bytes) -> str | None:
    try:
        status = json.loads(content)
    except ValueError:
        return None
    if isinstance(status, dict) and status.get("kind") == "Status" and status.get("apiVersion") == "v1":
        return str(status.get("message"))
    return None


def reason(error: requests.RequestException) -> str:
    """Why a connection failed: the address, and the words of the innermost error, which urllib3 wraps in others."""
    if error.args and isinstance(error.args[0], str):
        return error.args[0]
    inner: BaseException = error
    for _ in range(MOST_CAUSES):
        causes = (getattr(inner, "reason", None), *inner.args[:1], inner.__cause__, inner.__context__)
        inner = next((one for one in causes if isinstance(one, BaseException)), inner)
    text = str(getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or inner)
    return f"{urlsplit(str(error.request.url)).netloc}: {text}" if error.request else text


def _asked(answer: requests.Response) -> str:
    path = answer.request.path_url.partition("?")[0]
    return f"{SERVER} answered {answer.request.method} {path}"
