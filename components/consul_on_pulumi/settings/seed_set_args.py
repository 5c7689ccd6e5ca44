"""The settings of one seed set."""

from typing import Annotated, Any, TypedDict

import pulumi

from consul_on_pulumi.model.kv_plan import OnConflict
from consul_on_pulumi.model.kv_tree import prefix_problems
from consul_on_pulumi.schema.definition import Setting
from consul_on_pulumi.schema.rules import one_of


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class SeedSetArgs(TypedDict, total=False):
    """A set of KV entries, written and deleted on its own. Paths are relative to the program's folder. A change writes
    the keys that differ, deletes those that the set no longer has, and touches no agent."""

    prefix: Annotated[str, Setting(
        "What every key of the set begins with.", "Writes all keys again and deletes those below the old prefix.",
        default="", problems=prefix_problems)]
    entries: Annotated[dict[str, Any], Setting("Entries as a tree: `{a: {b: 1}}` seeds `a/b` with `1`.", default={})]
    folder: Annotated[str, Setting(
        "A folder: each file below it is an entry, with its path as the key and its bytes as the value. Hidden "
        "files (which begin with a dot) and backups (which end with `~`) are left out.")]
    files: Annotated[dict[str, str], Setting(
        'Key to path: single files. The key `""` is for a document that is expanded right below the prefix.',
        default={})]
    expand: Annotated[bool, Setting(
        "Whether `.json`, `.yaml`, `.yml` and `.properties` files become one key for each leaf, below the key of "
        "the file without its extension. Each value stays as it is written; dots in the names of properties stay "
        "dots.", default_text="`false`")]
    whole: Annotated[list[str], Setting(
        "Files that `expand` keeps whole, by their paths in the folder or their keys in `files`; `*` stands for any "
        "characters.", default=[])]
    export: Annotated[str, Setting(
        "A file written by `consul kv export`. Its keys go below the prefix; flags and values are kept.")]
    secrets: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Key to secret value, encrypted wherever Pulumi keeps it. A stack file gives them under `seed_secrets`.",
        default={}, secret=True)]
    on_conflict: Annotated[str, Setting(
        "What to do about keys that exist before the set first writes them: `fail`, `adopt` those that hold the "
        "wanted value, or `overwrite` them.", "Counts for new keys only.",
        default_text="`fail`, or `adopt` with `retain_data`, `protect` or `join`",
        rule=one_of(*(word.value for word in OnConflict)))]
    keep_edits: Annotated[bool, Setting(
        "Whether to write each key once and then leave its value to the applications.", default=False)]
    retain: Annotated[bool, Setting(
        "Whether the keys stay when the set or the cluster is removed, as long as the servers' data stays.",
        default=False)]
