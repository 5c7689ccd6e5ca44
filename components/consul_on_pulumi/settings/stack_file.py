"""From a stack file to the arguments of a ConsulCluster: the stack file has the same settings in YAML.

Encrypted values are beside `cluster`: one of them in it would make all of it secret, and then no preview could show a
difference. No message shows such a value.
"""

import os
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from consul_on_pulumi.model import kv_tree, secret_files
from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.releases import closed_keys, release
from consul_on_pulumi.schema.check import refuse
from consul_on_pulumi.seeds import seeding
from consul_on_pulumi.settings import refusals
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE, SECRET_FILES, ConsulClusterArgs

KEY = "cluster"
"""The key of the stack's configuration."""
SEEDS = "seed_secrets"
"""The key of the secret values of the seed sets."""
TOKEN = "token"
"""The key of the ACL token, also in the arguments."""
CONFIG = "PULUMI_CONFIG"
"""The environment variable in which the engine passes the whole configuration to the program."""
MAX_SIZE = 128 * 1024
"""The most bytes of an environment variable (Linux, MAX_ARG_STRLEN). With more the program does not start."""
WARNED_SIZE = MAX_SIZE * 3 // 4
NO_JSON = object()
"""In place of a text where a map belongs, as after `pulumi config set` without `--path`."""

Completed = tuple[list[str], Mapping[str, Any]]
"""Problems, and the settings of a cluster with the encrypted values."""


def cluster_args(config: pulumi.Config) -> ConsulClusterArgs:
    """The settings of the stack's cluster, with its encrypted seeds and files.

    The arguments are checked by ConsulCluster. Raises pulumi.RunError for what only a stack file can have wrong, and
    then with every other problem too.
    """
    if (size := len(os.environ.get(CONFIG, "").encode())) > WARNED_SIZE:
        pulumi.log.warn(
            f"the stack file has {size} of the at most {MAX_SIZE} bytes with which a program can start: "
            f"move seeds into files (`folder`, `files` or `export` of a set in {KEY}.seed_sets)"
        )
    args = _object(config, KEY)
    if args is None:
        refuse([f"{KEY}: required, set {config.name}:{KEY} in the stack file"])
    if pulumi.runtime.is_config_secret(f"{config.name}:{KEY}"):
        refuse(
            [
                f"{KEY}: holds an encrypted value, which would be readable on the agents, leave it out; "
                f"encrypted seeds belong to {SEEDS}, encrypted files to {SECRET_FILES[0]}"
            ]
        )
    if args is NO_JSON:
        refuse(
            [f"{KEY}: expected a map, set each setting with `pulumi config set --path '{config.name}:{KEY}.SETTING'`"]
        )
    problems: list[str] = []
    if isinstance(args, Mapping):
        found, args = with_seed_secrets(config, args)
        problems += found
        found, args = with_token(config, args)
        problems += found
        for key in (*SECRET_FILES, "security_secrets"):
            found, args = with_secret_files(config, args, key)
            problems += found
    if problems:
        refuse([*problems, *refusals.cluster_problems(args, KEY)[0]])
    return cast(ConsulClusterArgs, args)


def with_seed_secrets(config: pulumi.Config, cluster: Mapping[str, Any]) -> Completed:
    """Add each secret value to its seed set."""
    sets = cluster.get("seed_sets", {})
    if not isinstance(sets, Mapping):
        return [], cluster
    how = _how(config, f"{SEEDS}.SET.KEY")
    problems, trees = _encrypted(config, SEEDS, how, "a map from each set of cluster.seed_sets to its secret keys")
    filled = dict(sets)
    for name, args in sets.items():
        if isinstance(args, Mapping) and "secrets" in args:
            problems.append(f"{KEY}.seed_sets.{name}.secrets: not in `{KEY}`, set each value with {how}")
            keys = args["secrets"] if isinstance(args["secrets"], Mapping) else ["KEY"]
            filled[name] = {**args, "secrets": dict.fromkeys(keys, pulumi.Output.secret(""))}
    limit = seeding.max_value(cluster)
    for name, tree in trees.items():
        path = f"{SEEDS}.{name}"
        if not isinstance(sets.get(name), Mapping):
            problems.append(f"{path}: no such set in cluster.seed_sets{suggestion(str(name), map(str, sets))}")
            continue
        is_map = isinstance(tree, Mapping)
        found = list(kv_tree.problems(tree, path, limit)) if is_map else [f"{path}: expected a map of keys"]
        problems += found
        # A set whose secrets are refused would be refused again for being empty.
        texts = {"KEY": ""} if found else kv_tree.entries(tree)
        filled[name] = {**sets[name], "secrets": {key: pulumi.Output.secret(text) for key, text in texts.items()}}
    return problems, {**cluster, "seed_sets": filled} if sets else cluster


def with_secret_files(config: pulumi.Config, cluster: Mapping[str, Any], key: str) -> Completed:
    """Add the secret files of the setting `key`."""
    how = _how(config, f'{key}["NAME"]')
    if key in cluster:
        problem = f"{KEY}.{key}: not in `{KEY}`, set each value with {how}"
        return [problem], {name: value for name, value in cluster.items() if name != key}
    problems, files = _encrypted(config, key, how, "a map from file name to text")
    problems += [
        f"{key}.{name}: expected text, put the whole name of the file in quotes: {how}"
        for name, text in files.items()
        if not isinstance(text, str)
    ]
    check = closed_keys.check_of(release.of({"image": DEFAULT_IMAGE, **cluster}))
    problems += secret_files.problems(files, key, check)
    if problems or not files:
        return problems, cluster
    return [], {**cluster, key: {name: pulumi.Output.secret(text) for name, text in files.items()}}


def with_token(config: pulumi.Config, cluster: Mapping[str, Any]) -> Completed:
    """Add the ACL token."""
    if TOKEN in cluster:
        problem = f"{KEY}.{TOKEN}: not in `{KEY}`, set it with `pulumi config set --secret {config.name}:{TOKEN}`"
        return [problem], {key: value for key, value in cluster.items() if key != TOKEN}
    token = config.get_secret(TOKEN)
    return [], cluster if token is None else {**cluster, TOKEN: token}


def _encrypted(config: pulumi.Config, key: str, how: str, expected: str) -> tuple[list[str], Mapping[str, Any]]:
    """Why the map in the configuration `key` is refused, and the map, which is empty if it is missing or refused."""
    found = _object(config, key)
    if found is None:
        return [], {}
    if found and not pulumi.runtime.is_config_secret(f"{config.name}:{key}"):
        return [f"{key}: holds plain text, set each value with {how}"], {}
    if not isinstance(found, Mapping):
        return [f"{key}: expected {expected}: {how}"], {}
    return [], found


def _object(config: pulumi.Config, key: str) -> Any:
    """The value in the configuration `key`, or None. The SDK's error for text that is no JSON has the text in it."""
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:
        return NO_JSON


def _how(config: pulumi.Config, path: str) -> str:
    return f"`pulumi config set --secret --path '{config.name}:{path}'`"
