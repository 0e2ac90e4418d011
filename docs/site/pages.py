"""Lays out what Sphinx makes the site of.

    python3 pages.py REPOSITORY SYMBOLS MANUAL FOLDER

FOLDER gets the repository's pages at their own places, so that their links lead where they do in the
repository, and what is made: the references of C and Swift, the command's pages (of those in MANUAL),
a page for each example. A new docs/NAME.md needs no line here or anywhere: it is listed with the guides.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import c_reference
import swift_reference

#: Pages of the repository beside docs/*.md, examples and the header.
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "models/README.md"]
#: Guides in the order of reading; a page of docs that stands in neither list follows them.
GUIDES = [
    "embedding-c", "embedding-cpp", "python", "your-pictures", "data", "training", "reports",
    "import-a-network", "importing", "large-pictures", "packages", "gpu"]
#: What is for those who want to know how it works.
INSIDE = ["architectures", "model-format", "performance", "performance-layers", "design"]

LANGUAGES = {".c": "c", ".cpp": "cpp", ".py": "python", ".h": "c", ".txt": "text"}
FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
LINK = re.compile(r"(\]\()([^)\s]+)(\))")


class Site:
    """The folder that is made, and what of the repository has its place there."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.repository, self.folder = repository, folder
        self.docs = sorted(p.stem for p in (repository / "docs").glob("*.md"))
        self.examples = sorted(
            p.relative_to(repository).as_posix() for p in (repository / "examples").glob("*/*")
            if p.suffix in {*LANGUAGES, ".ipynb"} and p.name != "CMakeLists.txt")
        self.pages = {name.removesuffix(".md") for name in PAGES} | {f"docs/{n}" for n in self.docs}

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def place(self, target: str, origin: str) -> str | None:
        """Where a link of the page `origin` leads on the site; None where to no page or file of it."""
        path, hash_, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return target
        found = os.path.normpath(os.path.join(os.path.dirname(origin), path))
        here = self.repository / found
        if here.is_dir():
            found = f"{found}/README.md" if f"{found}/README" in self.pages else "examples/index.md"
            if found == "examples/index.md" and "examples" not in here.parts:
                return None
        elif found in self.examples or found == "include/fcn.h":
            found += ".md"
        elif here.is_file() and not found.endswith(".md"):
            (self.folder / found).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, self.folder / found)
        return os.path.relpath(found, os.path.dirname(origin) or ".") + hash_ + anchor

    def copy_page(self, name: str) -> None:
        lines, fence = [], ""
        for line in (self.repository / name).read_text().split("\n"):
            mark = FENCE.match(line)
            if mark and (not fence or mark[1].startswith(fence)):
                fence = "" if fence else mark[1]
            lines.append(line if fence or mark else self._linked(line, name))
        self.write(name, "\n".join(lines))

    def _linked(self, line: str, name: str) -> str:
        def replaced(m: re.Match[str]) -> str:
            place = self.place(m[2], name)
            return m[0] if place is None else m[1] + place + m[3]

        line = LINK.sub(replaced, line)
        # A link to a folder that the site has no page of is what it says.
        return re.sub(
            r"\[([^\]]*)\]\(([^)\s]+)\)",
            lambda m: m[1] if self._is_foreign_folder(m[2], name) else m[0], line)

    def _is_foreign_folder(self, target: str, name: str) -> bool:
        path = target.partition("#")[0]
        if not path or ":" in target:
            return False
        return (self.repository / os.path.normpath(os.path.join(os.path.dirname(name), path))).is_dir()

    def add_sources(self) -> None:
        """The header and the examples, each on a page."""
        lines = ["# Examples", "", "Whole programs, as they stand in the repository.", ""]
        for name in ["include/fcn.h", *self.examples]:
            path = self.repository / name
            if path.suffix == ".ipynb":
                self._add_notebook(path, name)
            else:
                language = LANGUAGES[path.suffix]
                fence = "`" * 8
                code = f"{fence}{{code-block}} {language}\n{path.read_text()}{fence}"
                self.write(f"{name}.md", f"# {path.name}\n\n{code}\n")
            if name in self.examples:
                lines.append(f"- [{name}]({name.removeprefix('examples/')}.md): {self._about(path)}")
        entries = [f"{n} <{n}>" for n in (name.removeprefix("examples/") for name in self.examples)]
        lines += ["", "```{toctree}", ":hidden:", "", *entries, "```", ""]
        self.write("examples/index.md", "\n".join(lines))

    @staticmethod
    def _about(path: Path) -> str:
        """The first sentence that the file says of itself."""
        if path.suffix == ".ipynb":
            return "a notebook, with what it shows."
        text = re.sub(r'^(//|"""|#!.*|#) ?', "", path.read_text(), flags=re.M)
        return " ".join(text.strip().split("\n\n")[0].split())

    def _add_notebook(self, path: Path, name: str) -> None:
        from nbconvert import MarkdownExporter

        body, resources = MarkdownExporter().from_filename(
            str(path), resources={"output_files_dir": f"{path.stem}-files"})
        # Its style is for Jupyter's own pages.
        body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.S)
        self.write(f"{name}.md", body)
        for file, data in resources["outputs"].items():
            place = (self.folder / name).parent / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def add_manual(self, folder: Path) -> None:
        """The command's pages, by pandoc."""
        import pypandoc

        names = sorted((p.stem for p in folder.glob("*.1")), key=lambda n: (n != "fcn", n))
        lines = ["# The command", "", "As `man fcn` and `man fcn-segment` show it.", ""]
        for name in names:
            text = pypandoc.convert_file(
                str(folder / f"{name}.1"), "rst", format="man", extra_args=["--wrap=none"])
            title = name.replace("-", " ", 1)
            about = re.search(r"^NAME\n=+\n+\S+ - (.*)$", text, re.M)[1]
            # Its name is the page's title; other headings are not shouted on a page.
            text = re.sub(r"^NAME\n=+\n+.*\n", "", text, flags=re.M)
            text = re.sub(r"^[A-Z]{2}[A-Z ]+$", lambda m: m[0].capitalize(), text, flags=re.M)
            text = re.sub(
                r"\*\*(fcn[a-z-]*)(?:\*\*\\ \(1\)|\(1\)\*\*)|\b(fcn)\(1\)",
                lambda m: f":doc:`{m[1] or m[2]}(1) <{m[1] or m[2]}>`", text)
            frame = "#" * len(title)
            self.write(f"command/{name}.rst", f"{frame}\n{title}\n{frame}\n\n{text}")
            lines.append(f"- [`{title}`]({name}.rst): {about}")
        lines += ["", "```{toctree}", ":hidden:", "", *names, "```", ""]
        self.write("command/index.md", "\n".join(lines))

    def add_front(self) -> None:
        text = (self.repository / "docs/site/index.md").read_text()
        others = [name for name in self.docs if name not in GUIDES and name not in INSIDE]
        for mark, names in [("@GUIDES@", GUIDES + others), ("@INSIDE@", INSIDE)]:
            text = text.replace(mark, "\n".join(f"docs/{n}" for n in names if n in self.docs))
        self.write("index.md", text)
        shutil.copyfile(self.repository / "docs/site/python.rst", self.folder / "reference/python.rst")
        shutil.copytree(self.repository / "docs/pictures", self.folder / "docs/pictures", dirs_exist_ok=True)


def main() -> None:
    repository, symbols, manual, folder = (Path(argument) for argument in sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(repository.resolve(), folder)
    for name in [*PAGES, *(f"docs/{n}.md" for n in site.docs)]:
        site.copy_page(name)
    site.add_sources()
    site.add_manual(manual)
    c_reference.write_pages(repository / "include/fcn.h", folder / "reference/c", site.pages)
    if symbols.exists():
        swift_reference.write_pages(symbols, folder / "reference/swift")
    site.add_front()


if __name__ == "__main__":
    main()
