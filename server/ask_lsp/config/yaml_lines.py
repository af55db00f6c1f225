"""YAML as plain values, together with the line of every one of them.

Messages about settings must name a line, and a key given twice must not win silently; PyYAML's own loader forgets the
one and does the other. Scalars follow YAML 1.2 (only `true` and `false` are booleans), so that `hover: off` and
`language: no` mean what they say. No message repeats a value: any of them may be a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from ask_lsp.config.words import quoted

NodePath = tuple[str | int, ...]

_MAX_NODES = 20_000
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_NULL = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]{1,18}(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,2})?")

# PyYAML's own words quote what they found, and speak of tokens and anchors.
_SENTENCES = (
    ("mapping values are not allowed", "a “:” has no place here - put the value in quotes, or check the indentation"),
    ("could not find expected ':'", "expected “name: value”"),
    ("cannot start any token", "no value can begin like this - put it in quotes, and indent by spaces, not tabs"),
    ("undefined alias", "“*” means a reference in YAML - put the value in quotes"),
    ("expected alphabetic or numeric", "“*” and “&” mean a reference in YAML - put the value in quotes"),
    ("duplicate anchor", "the same “&” reference is defined twice - rename one of them"),
    ("unexpected end of stream", "a quote is never closed - close it"),
    ("expected <block end>", "the indentation does not fit - align this line with the ones around it"),
    ("expected ',' or", "a bracket is never closed - close it"),
    ("expected a single document", "“---” begins a second document - keep everything in one"),
    ("unknown escape character", "“\\” means an escape in double quotes - use single quotes"),
)


class Problem(NamedTuple):
    """What is wrong, and in which one-based line of the file."""

    line: int
    sentence: str


class WrongYaml(Exception):
    """The text is not YAML that settings can be read from; `problems` holds at least one."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Located:
    """A file's values with their places.

    `lines` has the line of each key (or list item), `text_lines` the line at which the text of each string begins,
    which differs for block scalars.
    """

    values: dict[str, Any]
    lines: Mapping[NodePath, int]
    text_lines: Mapping[NodePath, int]

    def line(self, path: NodePath) -> int:
        """The line of the value at `path`, or of the nearest thing around it that exists; 1 for the file itself."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(data: bytes) -> Located:
    """Raises WrongYaml for anything that is not one mapping with text keys, each given once. An empty file is fine."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WrongYaml([Problem(line, "this is not UTF-8 text - save the file as UTF-8")]) from None
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise WrongYaml([Problem(line, "a control character has no place here - delete it")]) from None
    except yaml.MarkedYAMLError as error:
        raise WrongYaml([_of_yaml_error(error)]) from None
    except RecursionError:
        raise WrongYaml([Problem(1, "this is nested too deeply - flatten it")]) from None
    reader = _Reader()
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.style and root.value in _NULL):
        return Located({}, {}, {})
    if not isinstance(root, yaml.MappingNode):
        raise WrongYaml([Problem(_line(root), "expected lines of the form “name: value”, as in “model: gpt-5.4-mini”")])
    values = reader.value(root, ())
    if reader.problems:
        raise WrongYaml(sorted(reader.problems))
    return Located(values, reader.lines, reader.text_lines)


class _Loader(yaml.SafeLoader):
    """Resolves no scalar by itself: `_Reader` does, by the rules of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name and shape are PyYAML's


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[NodePath, int] = {}
        self.text_lines: dict[NodePath, int] = {}
        self._inside: set[int] = set()
        self._count = 0

    def value(self, node: yaml.Node, path: NodePath) -> Any:
        self._count += 1
        if self._count == _MAX_NODES:
            self._say(node, "there is far too much here for settings - remove the repeated references")
        if self._count >= _MAX_NODES:
            return None
        if id(node) in self._inside:
            self._say(node, "a reference contains itself - write the value out")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._inside.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                self._refuse_tag(node, "seq")
                return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
            assert isinstance(node, yaml.MappingNode)
            self._refuse_tag(node, "map")
            return self._mapping(node, path)
        finally:
            self._inside.discard(id(node))

    def _item(self, node: yaml.Node, path: NodePath) -> Any:
        self.lines[path] = _line(node)
        return self.value(node, path)

    def _mapping(self, node: yaml.MappingNode, path: NodePath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._say(key_node, "expected a name before the “:”")
                continue
            key = key_node.value
            if key == "<<" and not key_node.style:
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                continue
            at = (*path, key)
            if key in values:
                first = self.lines[at]
                self._say(key_node, f"{quoted(key)} is given twice, first in line {first} - remove one of them")
                continue
            self.lines[at] = _line(key_node)
            values[key] = self.value(value_node, at)
        for source in merged:
            if not isinstance(source, yaml.MappingNode):
                self._say(source, "“<<” takes a reference to other settings - write them out instead")
                continue
            for key, value in self.value(source, (*path, "<<")).items():
                if key not in values:
                    self._move((*path, "<<", key), (*path, key))
                    values[key] = value
        return values

    def _move(self, old: NodePath, new: NodePath) -> None:
        for table in (self.lines, self.text_lines):
            for path in [path for path in table if path[: len(old)] == old]:
                table[new + path[len(old) :]] = table[path]

    def _scalar(self, node: yaml.ScalarNode, path: NodePath) -> Any:
        text: str = node.value
        self.text_lines[path] = _line(node) + (1 if node.style in ("|", ">") else 0)
        if node.tag == "tag:yaml.org,2002:str" and node.style is None and not _is_tagged(node):
            return _plain(text)
        self._refuse_tag(node, "str")
        return text

    def _refuse_tag(self, node: yaml.Node, expected: str) -> None:
        if node.tag != f"tag:yaml.org,2002:{expected}":
            self._say(node, "“!” means a tag in YAML, which settings do not use - put the value in quotes")

    def _say(self, node: yaml.Node, sentence: str) -> None:
        self.problems.append(Problem(_line(node), sentence))


def _is_tagged(node: yaml.ScalarNode) -> bool:
    """Whether a plain scalar carries its own tag: `!!str 5` is text. The mark begins at the tag, the value does not."""
    mark = node.start_mark
    return bool(mark.buffer is not None and mark.buffer[mark.pointer : mark.pointer + 1] == "!")


def _plain(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _of_yaml_error(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    words = f"{error.problem or ''} {error.context or ''}"
    sentence = next(
        (ours for theirs, ours in _SENTENCES if theirs in words), "this is not YAML - check quotes and indents"
    )
    if error.context_mark and ("end of stream" in words or "expected ',' or" in words):
        mark = error.context_mark
    return Problem(mark.line + 1 if mark else 1, sentence)
