"""The secret seeds of a stack file: `pulumi config set --secret --path 'seed_secrets.SET.KEY'`.

They are apart from the cluster's settings, since one encrypted value makes a whole setting secret, and then no
difference in it could be shown."""

from collections.abc import Mapping
from typing import Any

import pulumi

from consul_on_pulumi.model import kv_tree
from consul_on_pulumi.model.spelling import suggestion

KEY = "seed_secrets"


def without_secrets(cluster: Mapping[str, Any], path: str) -> tuple[list[str], Mapping[str, Any]]:
    """What is wrong with secret values among the settings of a stack file, and the settings without those values.

    Their keys stay, so that all else can still be checked and no message tells a value.
    """
    sets = cluster.get("seed_sets")
    if not isinstance(sets, Mapping):
        return [], cluster
    problems, emptied = [], dict(sets)
    for name, described in sets.items():
        if isinstance(described, Mapping) and "secrets" in described:
            given = described["secrets"]
            keys = list(given) if isinstance(given, Mapping) else ["KEY"]
            problems.append(
                f"{path}.seed_sets.{name}.secrets: not in the stack file, set it encrypted: "
                f"pulumi config set --secret --path {KEY}.{name}.KEY"
            )
            emptied[name] = {**described, "secrets": {key: pulumi.Output.secret("") for key in keys}}
    return problems, {**cluster, "seed_sets": emptied}


def with_secrets(config: pulumi.Config, cluster: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any]]:
    """What is wrong with the secret seeds, and the settings of `cluster` with each of them in its seed set.

    No message tells a value.
    """
    trees = config.get_object(KEY)
    if trees is None:
        return [], cluster
    if not pulumi.runtime.is_config_secret(f"{config.name}:{KEY}"):
        return [f"{KEY}: holds plain text, set each value with `pulumi config set --secret --path`"], cluster
    sets = cluster.get("seed_sets")
    if not isinstance(trees, Mapping) or not isinstance(sets, Mapping):
        return [f"{KEY}: expected a map from each set of cluster.seed_sets to its secret keys"], cluster
    problems, filled = [], dict(sets)
    for name, tree in trees.items():
        path = f"{KEY}.{name}"
        if not isinstance(sets.get(name), Mapping):
            problems.append(f"{path}: no such set in cluster.seed_sets{suggestion(str(name), map(str, sets))}")
        elif not isinstance(tree, Mapping):
            problems.append(f"{path}: expected a map of keys")
        elif faults := list(kv_tree.problems(tree, path)):
            problems += faults
        else:
            secrets = {key: pulumi.Output.secret(text) for key, text in kv_tree.entries(tree).items()}
            filled[name] = {**sets[name], "secrets": {**sets[name].get("secrets", {}), **secrets}}
    return problems, {**cluster, "seed_sets": filled}
