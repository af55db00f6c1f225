"""Which grammar reads a language, and what counts as a definition in it.

Languages are data here: the ids that editors use, the wheel that holds the grammar, and a tree-sitter query whose
captures are kinds, beside `@name`. Grammars are imported one at a time, when the first text of a language is parsed.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Language, Query

_LANGUAGE_IDS = {
    "bash": ("bash", "sh", "shellscript", "shell", "zsh", "ksh"),
    "c": ("c",),
    "cpp": ("cpp", "c++", "c-or-c++", "cuda-cpp", "arduino"),
    "csharp": ("csharp", "cs", "c-sharp", "c_sharp"),
    "go": ("go",),
    "java": ("java",),
    "javascript": ("javascript", "javascriptreact", "javascript.jsx", "js", "jsx", "js-jsx"),
    "lua": ("lua",),
    "php": ("php",),
    "python": ("python", "python3", "py", "starlark", "bzl"),
    "ruby": ("ruby",),
    "rust": ("rust",),
    "tsx": ("typescriptreact", "typescript.tsx", "tsx"),
    "typescript": ("typescript", "ts"),
}
_EXTENSIONS = {
    "bash": ("sh", "bash", "zsh", "ksh", "bats"),
    "c": ("c",),
    "cpp": ("cpp", "cc", "cxx", "c++", "h", "hpp", "hh", "hxx", "ipp", "ino", "cu"),
    "csharp": ("cs", "csx"),
    "go": ("go",),
    "java": ("java",),
    "javascript": ("js", "mjs", "cjs", "jsx"),
    "lua": ("lua",),
    "php": ("php", "phtml"),
    "python": ("py", "pyi", "pyw", "bzl"),
    "ruby": ("rb", "rake", "gemspec", "ru"),
    "rust": ("rs",),
    "tsx": ("tsx",),
    "typescript": ("ts", "mts", "cts"),
}
_BY_LANGUAGE_ID = {language_id: name for name, ids in _LANGUAGE_IDS.items() for language_id in ids}
_BY_EXTENSION = {extension: name for name, extensions in _EXTENSIONS.items() for extension in extensions}


class Grammar(NamedTuple):
    """A grammar ready for use, with its definitions query."""

    language: Language
    definitions: Query


def grammar_name(language: str, uri: str) -> str | None:
    """The grammar for a language id, or for the extension of `uri` where the id is none we know; None without one."""
    known = _BY_LANGUAGE_ID.get(language.lower())
    if known:
        return known
    file = uri.partition("#")[0].partition("?")[0].rpartition("/")[2]
    return _BY_EXTENSION.get(file.rpartition(".")[2].lower()) if "." in file else None


@cache
def load_grammar(name: str) -> Grammar:
    """Imports a grammar and compiles its query: tens of milliseconds, so never on the event loop.

    Raises ImportError where its wheel is not installed.
    """
    from tree_sitter import Language, Query

    module, function, query = _GRAMMARS[name]
    language = Language(getattr(importlib.import_module(module), function)())
    return Grammar(language, Query(language, query))


_PYTHON = """
(function_definition name: (_) @name) @function
(class_definition name: (_) @name) @class
(decorated_definition definition: (function_definition name: (_) @name)) @function
(decorated_definition definition: (class_definition name: (_) @name)) @class
"""

_FUNCTION_VALUE = "[(arrow_function) (function_expression) (generator_function)]"
_JAVASCRIPT = f"""
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @class
(class name: (_) @name) @class
(method_definition name: (_) @name) @method
(lexical_declaration . (variable_declarator name: (identifier) @name value: {_FUNCTION_VALUE}) .) @function
(variable_declaration . (variable_declarator name: (identifier) @name value: {_FUNCTION_VALUE}) .) @function
(expression_statement (assignment_expression left: (_) @name right: {_FUNCTION_VALUE})) @function
(pair key: (_) @name value: {_FUNCTION_VALUE}) @function
(export_statement (function_declaration name: (_) @name)) @function
(export_statement (generator_function_declaration name: (_) @name)) @function
(export_statement (class_declaration name: (_) @name)) @class
(export_statement (lexical_declaration . (variable_declarator name: (identifier) @name value: {_FUNCTION_VALUE}) .))
  @function
"""
_FIELD_FUNCTION = f"(field_definition property: (_) @name value: {_FUNCTION_VALUE}) @method"

_TYPESCRIPT = f"""
{_JAVASCRIPT}
(public_field_definition name: (_) @name value: {_FUNCTION_VALUE}) @method
(abstract_class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(type_alias_declaration name: (_) @name) @type
(internal_module name: (_) @name) @namespace
(module name: (_) @name) @module
(function_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @method
(export_statement (abstract_class_declaration name: (_) @name)) @class
(export_statement (interface_declaration name: (_) @name)) @interface
(export_statement (enum_declaration name: (_) @name)) @enum
(export_statement (type_alias_declaration name: (_) @name)) @type
(export_statement (internal_module name: (_) @name)) @namespace
(expression_statement (internal_module name: (_) @name)) @namespace
(ambient_declaration (function_signature name: (_) @name)) @function
(ambient_declaration (class_declaration name: (_) @name)) @class
(ambient_declaration (interface_declaration name: (_) @name)) @interface
(ambient_declaration (enum_declaration name: (_) @name)) @enum
(ambient_declaration (internal_module name: (_) @name)) @namespace
(ambient_declaration (module name: (_) @name)) @module
"""

_GO = """
(function_declaration name: (_) @name) @function
(method_declaration name: (_) @name) @method
(type_spec name: (_) @name type: (struct_type)) @struct
(type_spec name: (_) @name type: (interface_type)) @interface
(type_declaration . (type_spec name: (_) @name type: (struct_type)) .) @struct
(type_declaration . (type_spec name: (_) @name type: (interface_type)) .) @interface
"""

_RUST = """
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name) @struct
(enum_item name: (_) @name) @enum
(union_item name: (_) @name) @union
(trait_item name: (_) @name) @trait
(impl_item type: (_) @name) @impl
(mod_item name: (_) @name body: (_)) @module
(macro_definition name: (_) @name) @macro
"""

_JAVA = """
(class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(record_declaration name: (_) @name) @record
(annotation_type_declaration name: (_) @name) @annotation
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @constructor
(compact_constructor_declaration name: (_) @name) @constructor
"""

_C = """
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name))) @function
(function_definition declarator: (pointer_declarator
  declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name)))) @function
(struct_specifier name: (_) @name body: (_)) @struct
(union_specifier name: (_) @name body: (_)) @union
(enum_specifier name: (_) @name body: (_)) @enum
(type_definition type: (struct_specifier name: (_) @name body: (_))) @struct
(type_definition type: (struct_specifier !name body: (_)) declarator: (type_identifier) @name) @struct
(type_definition type: (union_specifier !name body: (_)) declarator: (type_identifier) @name) @union
(type_definition type: (enum_specifier !name body: (_)) declarator: (type_identifier) @name) @enum
(preproc_function_def name: (_) @name) @macro
"""

_CPP = f"""
{_C}
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name))) @function
(function_definition declarator: (operator_cast) @name) @function
(class_specifier name: (_) @name body: (_)) @class
(namespace_definition name: (_) @name) @namespace
(concept_definition name: (_) @name) @concept
(template_declaration (function_definition declarator: (function_declarator declarator: (_) @name))) @function
(template_declaration
  (function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name)))) @function
(template_declaration
  (function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name))))
  @function
(template_declaration (class_specifier name: (_) @name body: (_))) @class
(template_declaration (struct_specifier name: (_) @name body: (_))) @struct
"""

_CSHARP = """
(class_declaration name: (_) @name) @class
(struct_declaration name: (_) @name) @struct
(interface_declaration name: (_) @name) @interface
(enum_declaration name: (_) @name) @enum
(record_declaration name: (_) @name) @record
(namespace_declaration name: (_) @name) @namespace
(method_declaration name: (_) @name) @method
(constructor_declaration name: (_) @name) @constructor
(destructor_declaration name: (_) @name) @destructor
(property_declaration name: (_) @name) @property
(operator_declaration operator: _ @name) @operator
(delegate_declaration name: (_) @name) @delegate
(local_function_statement name: (_) @name) @function
"""

_RUBY = """
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
(class name: (_) @name) @class
(module name: (_) @name) @module
"""

_PHP = """
(function_definition name: (_) @name) @function
(method_declaration name: (_) @name) @method
(class_declaration name: (_) @name) @class
(interface_declaration name: (_) @name) @interface
(trait_declaration name: (_) @name) @trait
(enum_declaration name: (_) @name) @enum
(namespace_definition name: (_) @name body: (_)) @namespace
"""

_BASH = "(function_definition name: (_) @name) @function"

_LUA = """
(function_declaration name: (_) @name) @function
(assignment_statement
  (variable_list . (_) @name .) (expression_list . (function_definition) .)) @function
(variable_declaration (assignment_statement
  (variable_list . (_) @name .) (expression_list . (function_definition) .))) @function
(field name: (_) @name value: (function_definition)) @function
"""

_GRAMMARS = {
    "bash": ("tree_sitter_bash", "language", _BASH),
    "c": ("tree_sitter_c", "language", _C),
    "cpp": ("tree_sitter_cpp", "language", _CPP),
    "csharp": ("tree_sitter_c_sharp", "language", _CSHARP),
    "go": ("tree_sitter_go", "language", _GO),
    "java": ("tree_sitter_java", "language", _JAVA),
    "javascript": ("tree_sitter_javascript", "language", _JAVASCRIPT + _FIELD_FUNCTION),
    "lua": ("tree_sitter_lua", "language", _LUA),
    "php": ("tree_sitter_php", "language_php", _PHP),
    "python": ("tree_sitter_python", "language", _PYTHON),
    "ruby": ("tree_sitter_ruby", "language", _RUBY),
    "rust": ("tree_sitter_rust", "language", _RUST),
    "tsx": ("tree_sitter_typescript", "language_tsx", _TYPESCRIPT),
    "typescript": ("tree_sitter_typescript", "language_typescript", _TYPESCRIPT),
}
