"""From a stack file to the arguments of a ConsulCluster: the stack file has the same settings in YAML."""

from collections.abc import Mapping
from typing import cast

import pulumi

from consul_on_pulumi.schema.check import refuse
from consul_on_pulumi.settings import agent_secrets, refusals, seed_secrets
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs

KEY = "cluster"
"""The key of the stack's configuration."""


def cluster_args(config: pulumi.Config) -> ConsulClusterArgs:
    """The settings of the stack's cluster, with its encrypted seeds and files.

    The arguments are checked by ConsulCluster. Raises pulumi.RunError for what only a stack file can have wrong, and
    then with every other problem too.
    """
    args = config.get_object(KEY)
    if args is None:
        refuse([f"{KEY}: required, set {config.name}:{KEY} in the stack file"])
    if pulumi.runtime.is_config_secret(f"{config.name}:{KEY}"):
        refuse(
            [
                f"{KEY}: holds an encrypted value, which would be readable on the agents, leave it out; "
                f"encrypted seeds belong to {seed_secrets.KEY}, encrypted files to {agent_secrets.KEY}"
            ]
        )
    problems: list[str] = []
    if isinstance(args, Mapping):
        problems, args = seed_secrets.without_secrets(args, KEY)
        for with_secrets in (seed_secrets.with_secrets, agent_secrets.with_secrets):
            found, args = with_secrets(config, args)
            problems += found
    if problems:
        refuse([*problems, *refusals.cluster_problems(args, KEY)[0]])
    return cast(ConsulClusterArgs, args)
