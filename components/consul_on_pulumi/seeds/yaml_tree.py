"""Parses YAML with every scalar as written: `1.10` stays `1.10`, and `on` stays `on`."""

from typing import Any

import yaml

from consul_on_pulumi.seeds.tree import KEEP_WHOLE, MAX_KEYS, Branch, DocumentError, InvalidValue, Node

# PyYAML with libyaml is 7 times as fast.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_PLAIN = ("", None)
"""The style of a scalar without quotes, in the two loaders."""
_NULLS = {"", "~", "null", "Null", "NULL"}
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")}


def parse(text: str) -> Node:
    """The one document in `text`, with aliases and merge keys (`<<`) resolved. Raises DocumentError."""
    try:
        return _Parser().node(yaml.compose(text, Loader=_LOADER))
    except yaml.composer.ComposerError as error:
        if error.context == "expected a single document in the stream" and error.problem_mark:
            line = error.problem_mark.line + 1
            raise DocumentError(f"has a second YAML document (--- in line {line}): split it, or {KEEP_WHOLE}") from None
        raise _syntax_error(error) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except yaml.reader.ReaderError as error:
        line_number = text.encode()[: error.position].count(b"\n") + 1
        raise DocumentError(f"has a syntax error in line {line_number}, {error.reason}: correct it") from None


def _syntax_error(error: yaml.MarkedYAMLError) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    line = f" in line {mark.line + 1}" if mark else ""
    reason = ", ".join(filter(None, (error.context, error.problem)))
    return DocumentError(f"has a syntax error{line}, {reason}: correct it")


class _Parser:
    def __init__(self) -> None:
        self.known: dict[int, Node] = {}
        self.merged = 0

    def node(self, node: yaml.Node | None) -> Node:
        if node is None:
            return None
        if id(node) not in self.known:
            self.known[id(node)] = self._new(node)
        return self.known[id(node)]

    def _new(self, node: yaml.Node) -> Node:
        if node.tag not in _TAGS:
            return InvalidValue(f"has the tag {node.tag!r}, which is not supported: remove the tag")
        if isinstance(node, yaml.MappingNode):
            # Stored before its content is parsed, because an alias in it may refer to it.
            branch = self.known[id(node)] = Branch()
            branch.pairs.extend(self._pairs(node))
            return branch
        if isinstance(node, yaml.ScalarNode):
            return None if node.style in _PLAIN and node.value in _NULLS else node.value
        return []

    def _pairs(self, node: yaml.MappingNode) -> list[tuple[str, Node]]:
        own, merged = [], []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise DocumentError(f"has a map or a list as a key in line {key.start_mark.line + 1}, write text")
            if key.value == "<<" and key.style in _PLAIN:
                merged += self._merged(value)
            else:
                own.append((key.value, self.node(value)))
        # Own keys win over merged ones, and earlier merged keys over later ones.
        names = {name for name, _ in own}
        for name, inner in merged:
            if name not in names:
                names.add(name)
                own.append((name, inner))
        return own

    def _merged(self, value: yaml.Node) -> list[tuple[str, Node]]:
        found = []
        for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            branch = self.node(one)
            if not isinstance(branch, Branch):
                line = one.start_mark.line + 1
                raise DocumentError(f"merges (<<) a value that is not a map in line {line}, merge a map")
            self.merged += len(branch.pairs)
            if self.merged > MAX_KEYS:
                raise DocumentError(f"merges (<<) more than {MAX_KEYS} keys, {KEEP_WHOLE}")
            found += branch.pairs
        return found
