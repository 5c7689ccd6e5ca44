"""What a module keeps between two calls: nothing that a second cluster, or a second run in the process, could see."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import PACKAGE, modules, syntax

KEEPERS = set(
    "Condition ContextVar Event Lock RLock Semaphore ThreadPoolExecutor WeakKeyDictionary WeakSet WeakValueDictionary "
    "count defaultdict deque dict list local set".split()
)
"""What is made to be filled or taken."""

OF_A_RUN = {
    "run._done": "by the monitor of the run, which it goes with",
    "providers.connecting._components": "by the component, which it goes with",
    "providers.connecting._generated": "by the component, which it goes with",
    "providers.hosting._options": "of the call that constructs one component",
    "providers.hosting._stored": "of the call for one resource",
    "providers.detailed_diff._noted": "of the call for one resource, in its thread",
}
OF_AN_UPDATE = {
    "providers.connecting._newest": "by the cluster and its place",
    "providers.kv_moves._clusters": "by the ID of the cluster",
    "platforms.cluster_end._staying": "IDs of clusters",
    "platforms.docker.providers.host_ports._chosen": "ports that nobody listens on yet",
}
"""In the process that serves providers, which the engine starts for each update."""
BY_WHAT_DECIDES_IT = {
    "platforms.docker.api.ssh.tunnel": "by the address of the engine",
    "platforms.docker.api.exec_tunnel._tunnel": "by the connection",
    "platforms.docker.api.resources.release": "the installed release of a package",
    "platforms.kubernetes.api.kubeconfig._loaded": "by the connection, and by the time of the file",
    "platforms.kubernetes.api.port_forward._listeners": "by the pod and the connection",
    "plugin.origin.options": "by the folder of the plugin",
    "plugin.servicer._loaded": "by the provider's own text",
    "releases.formats.formats": "a file of the package",
    "schema.definition.keys_of": "by the class",
}
"""Caches: who asks with the same key gets what a new answer would be."""
SHARED_ON_PURPOSE = {
    "platforms.docker.providers.raft_peer._one_leaves": "a lock: Raft loses one voter at a time",
    "platforms.kubernetes.api.kubeconfig._loading": "a lock",
    "platforms.kubernetes.api.port_forward._listening": "a lock",
    "plugin.servicer._THREADS": "threads, which keep nothing",
}


def kept(module: Path) -> Iterator[str]:
    """The names of a module that can hold something between two calls, and its functions with a cache."""
    for node in syntax(module).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            if _is_kept(node.value):
                yield from map(ast.unparse, names)
    for inner in ast.walk(syntax(module)):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if any("cache" in ast.unparse(decorator) for decorator in inner.decorator_list):
                yield inner.name
        elif isinstance(inner, ast.Global):
            yield from inner.names


def _is_kept(value: ast.expr) -> bool:
    if isinstance(value, (ast.Dict, ast.List, ast.Set)):
        # A table that is written down is not filled.
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in KEEPERS and not _is_a_table(value)


def _is_a_table(call: ast.Call) -> bool:
    """`dict(…)` or `set(…)` of something."""
    return ast.unparse(call.func) in ("dict", "list", "set") and bool(call.args or call.keywords)


def test_what_modules_keep_is_of_one_run_or_the_same_for_everybody() -> None:
    found = {
        f"{'.'.join(module.relative_to(PACKAGE).with_suffix('').parts)}.{name}"
        for module in modules(PACKAGE)
        for name in kept(module)
    }

    assert found == {*OF_A_RUN, *OF_AN_UPDATE, *BY_WHAT_DECIDES_IT, *SHARED_ON_PURPOSE}
