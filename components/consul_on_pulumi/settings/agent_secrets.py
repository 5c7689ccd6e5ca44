"""The secret files of a stack file: `pulumi config set --secret --path 'agent_secrets["gossip.json"]'`.

They are apart from the cluster's settings, as `seed_secrets` are and for the same reason."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pulumi

from consul_on_pulumi.model import secret_files

KEY = "agent_secrets"
"""Of the stack file, and of the args of every component."""


def with_secrets(config: pulumi.Config, cluster: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any]]:
    """What is wrong with the secret files, and the settings of `cluster` with those that are in order.

    No message tells a value.
    """
    if KEY in cluster:
        fault = f"cluster.{KEY}: does not belong into `cluster`, set each file beside it: {_how(config)}"
        return [fault], {key: value for key, value in cluster.items() if key != KEY}
    files = config.get_object(KEY)
    if files is None:
        return [], cluster
    if not pulumi.runtime.is_config_secret(f"{config.name}:{KEY}"):
        return [f"{KEY}: holds plain text, set each file with {_how(config)}"], cluster
    if not isinstance(files, Mapping):
        return [f"{KEY}: expected a map from file name to text: {_how(config)}"], cluster
    problems = [
        f"{KEY}.{name}: expected text, put the whole name of the file in quotes: {_how(config)}"
        for name, text in files.items()
        if not isinstance(text, str)
    ]
    texts = {name: text for name, text in files.items() if isinstance(text, str)}
    problems += secret_files.problems(texts, KEY)
    return problems, {**cluster, KEY: {} if problems else _secret(texts)}


def of(args: Mapping[str, Any]) -> dict[str, pulumi.Output[str]]:
    """The files that the args of a component give, by name and in order, as secrets whatever they were before.

    A content that was an output when the args were checked is checked when it is known.
    """
    return {
        name: pulumi.Output.secret(text).apply(partial(_checked, name))
        for name, text in sorted(args.get(KEY, {}).items())
    }


def _secret(texts: Mapping[str, str]) -> dict[str, pulumi.Output[str]]:
    return {name: pulumi.Output.secret(text) for name, text in texts.items()}


def _checked(name: str, text: str) -> str:
    if found := list(secret_files.content_problems(name, text)):
        raise pulumi.RunError("\n".join(f"{KEY}[{name!r}]: {fault}" for fault in found))
    return text


def _how(config: pulumi.Config) -> str:
    return f"`pulumi config set --secret --path '{config.name}:{KEY}[\"NAME\"]'`"
