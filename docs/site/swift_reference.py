"""Pages of the Swift reference, made from the symbol graph that the compiler's own
swift-symbolgraph-extract writes of the module: a page for each folder of Sources/FCNSwift, on it its
public types and what they have, in the order of the sources.

DocC's pages are programs that fetch their contents, which browsers refuse to pages from a folder.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

TYPES = {"swift.struct", "swift.enum", "swift.class", "swift.protocol"}
#: What a program meets first comes first; folders that are not named here follow.
ORDER = ["Session", "Weights", "Imaging", "Tiles", "Training", "Data", "Metrics", "Reports"]
ABOUT = {
    "Session": "to segment pictures with a model",
    "Weights": "models, their files, and what other frameworks wrote",
    "Imaging": "pictures, label maps, drawings",
    "Tiles": "pictures that are larger than memory",
    "Training": "to train and to measure a model",
    "Data": "folders of labelled pictures, and what makes them",
    "Metrics": "how well a model does",
    "Reports": "pages on evaluations and trainings",
    "Architectures": "the networks, by name, and how pictures become their input",
    "Network": "operations, layers, networks as data",
    "Plan": "precisions, devices, steps",
    "CPU": "what the processor can do",
    "CUDA": "NVIDIA's devices",
    "Check": "fast forms held against the reference",
    "Formats": "files of other programs",
    "Support": "errors, files, random numbers",
    "Tensor": "shapes, layouts, memory",
}


def label(path: list[str]) -> str:
    return "swift-" + re.sub(r"[^a-z0-9]+", "-", ".".join(path).lower()).strip("-")


class Module:
    """The public symbols of the module."""

    def __init__(self, path: Path) -> None:
        graph = json.loads(path.read_text())
        self.symbols: list[dict[str, Any]] = [s for s in graph["symbols"] if "location" in s]
        self.types = {
            ".".join(s["pathComponents"]): s for s in self.symbols if s["kind"]["identifier"] in TYPES}
        self.conformances: dict[str, list[str]] = defaultdict(list)
        for relation in graph["relationships"]:
            if relation["kind"] == "conformsTo":
                self.conformances[relation["source"]].append(relation.get("targetFallback", ""))

    @staticmethod
    def file(symbol: dict[str, Any]) -> str:
        return str(symbol["location"]["uri"].rpartition("Sources/FCNSwift/")[2])

    def folders(self) -> dict[str, list[str]]:
        """Top-level types, and those within types of another folder, by the folder they stand in."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, symbol in self.types.items():
            folder = self.file(symbol).split("/")[0]
            outer = name.rpartition(".")[0]
            if not outer or self.file(self.types[outer]).split("/")[0] != folder:
                found[folder].append(name)
        return found

    def members(self, name: str) -> list[dict[str, Any]]:
        home = self.file(self.types[name])

        def place(symbol: dict[str, Any]) -> tuple[bool, str, int]:
            file = self.file(symbol)
            return file != home, file, symbol["location"]["position"]["line"]

        return sorted((s for s in self.symbols if ".".join(s["pathComponents"][:-1]) == name), key=place)


def declaration(symbol: dict[str, Any]) -> str:
    return " ".join("".join(part["spelling"] for part in symbol["declarationFragments"]).split())


def comment(symbol: dict[str, Any], module: Module) -> list[str]:
    lines = [line["text"] for line in symbol.get("docComment", {}).get("lines", [])]

    def link(m: re.Match[str]) -> str:
        return f"[`{m[1]}`](#{label(m[1].split('.'))})" if m[1] in module.types else m[0]

    return [re.sub(r"(?<!`)`([A-Z][\w.]*)`(?!`)", link, line) for line in lines]


def directive(symbol: dict[str, Any], module: Module) -> list[str]:
    fence = "`" * 7
    kind = symbol["kind"]["identifier"]
    text = comment(symbol, module)
    parents = [p for p in module.conformances[symbol["identifier"]["precise"]] if p]
    if kind in TYPES and any("Error" in p for p in parents):
        text += ["", "An `Error`."]
    return [
        f"{fence}{{swift-declaration}} {declaration(symbol)}",
        f":path: {'.'.join(symbol['pathComponents'])}", "", *text, fence, ""]


def describe(name: str, module: Module, depth: int) -> list[str]:
    symbol = module.types[name]
    lines = [f"({label(symbol['pathComponents'])})=", f"{'#' * depth} {name}", ""]
    lines += directive(symbol, module)
    members = module.members(name)
    for member in members:
        if member["kind"]["identifier"] not in TYPES:
            lines += directive(member, module)
    folder = module.file(symbol).split("/")[0]
    for member in members:
        inner = ".".join(member["pathComponents"])
        if inner in module.types and module.file(member).split("/")[0] == folder:
            lines += describe(inner, module, min(depth + 1, 3))
    return lines


def write_pages(path: Path, folder: Path) -> None:
    """Writes the reference of the symbol graph at `path` to `folder`."""
    module = Module(path)
    folders = module.folders()
    folder.mkdir(parents=True)
    names = [n for n in ORDER if n in folders] + sorted(n for n in folders if n not in ORDER)
    index = [
        "# Swift reference", "",
        "The module `FCNSwift`, made from its sources, by the folders of `Sources/FCNSwift`.", ""]
    for name in names:
        types = sorted(folders[name], key=lambda n: (module.file(module.types[n]), n))
        about = ABOUT.get(name, "")
        lines = [f"# {name}", "", f"{about[:1].upper()}{about[1:]}." if about else "", ""]
        for type_name in types:
            lines += describe(type_name, module, 2)
        (folder / f"{name.lower()}.md").write_text("\n".join(lines))
        links = ", ".join(f"[`{n}`](#{label(n.split('.'))})" for n in sorted(types))
        index += [f"**[{name}]({name.lower()}.md)**{': ' + about if about else ''}  ", links, ""]
    index += ["```{toctree}", ":hidden:", "", *(name.lower() for name in names), "```", ""]
    (folder / "index.md").write_text("\n".join(index))
    known = {name: label(name.split(".")) for name in module.types}
    (folder / "types.json").write_text(json.dumps(known))
