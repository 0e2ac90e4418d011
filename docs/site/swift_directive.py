"""Sphinx's directive of a declaration in Swift, whose types are links."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.directives import ObjectDescription

KEYWORDS = {
    "associatedtype", "async", "case", "class", "convenience", "enum", "final", "func", "get",
    "indirect", "init", "inout", "let", "mutating", "protocol", "required", "rethrows", "set", "some",
    "static", "struct", "subscript", "throws", "typealias", "var", "where", "any", "borrowing",
    "consuming",
}
NAMED_BY = re.compile(r"\b(func|var|let|case|struct|enum|class|protocol|typealias) ([^\s(<:]+)")
TOKEN = re.compile(r"@?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|\s+|[^\w\s]|\d[\w.]*")


class SwiftDeclaration(ObjectDescription[str]):
    """A declaration; its content says what it is."""

    option_spec = {**ObjectDescription.option_spec, "path": directives.unchanged}

    def get_signatures(self) -> list[str]:
        return [" ".join(self.arguments[0].split())]

    def handle_signature(self, sig: str, signode: addnodes.desc_signature) -> str:
        types: dict[str, str] = self.env.config.swift_types
        named = NAMED_BY.search(sig)
        name_at = named.start(2) if named else sig.find("init")
        outer = self.options.get("path", "").split(".")
        for m in TOKEN.finditer(sig):
            token = m[0]
            if m.start() == name_at:
                signode += addnodes.desc_name(token, token)
            elif token in KEYWORDS:
                signode += addnodes.desc_sig_keyword(token, token)
            elif (label := self._label(token, outer, types)) is not None:
                part = addnodes.pending_xref(
                    "", refdomain="std", reftype="ref", reftarget=label, refexplicit=True,
                    refwarn=False, refdoc=self.env.docname)
                part += addnodes.desc_sig_name(token, token)
                signode += part
            elif token.isspace():
                signode += addnodes.desc_sig_space("", " ")
            else:
                signode += addnodes.desc_sig_name(token, token)
        return self.options.get("path", sig)

    @staticmethod
    def _label(token: str, outer: list[str], types: dict[str, str]) -> str | None:
        if not token[:1].isupper():
            return None
        for depth in range(len(outer), -1, -1):
            label = types.get(".".join([*outer[:depth], token]))
            if label is not None:
                return label
        return None

    def add_target_and_index(self, name: str, sig: str, signode: addnodes.desc_signature) -> None:
        base = "swift:" + name
        used = {i for node in self.state.document.findall(addnodes.desc_signature) for i in node["ids"]}
        identifier, number = base, 2
        while identifier in used or identifier in self.state.document.ids:
            identifier, number = f"{base}-{number}", number + 1
        signode["ids"].append(identifier)
        self.state.document.note_explicit_target(signode)
        self.indexnode["entries"].append(("single", f"{name} (Swift)", identifier, "", None))


def setup(app: Sphinx) -> dict[str, Any]:
    known = Path(app.srcdir) / "reference/swift/types.json"
    app.add_config_value(
        "swift_types", json.loads(known.read_text()) if known.exists() else {}, "env")
    app.add_directive("swift-declaration", SwiftDeclaration)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
