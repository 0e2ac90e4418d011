"""Pages of the C reference, made from include/fcn.h: what clang reads there, in the header's order.

Each section of the header (a comment that begins with ---- Title ----) becomes a page of Sphinx's C
domain, which links the names; the header's first comment becomes the page of conventions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from clang.cindex import Cursor, CursorKind, Index, TranslationUnit

from c_text import Names, block, plain

SECTION = re.compile(r"^/\*\n \* -{4} (.*?) -+\n(.*?)\*/", re.S | re.M)
REMARK = re.compile(r"^/\*\n \* (?!-{4} |fcn\.h)(.*?)\*/", re.S | re.M)
MACRO = re.compile(
    r"^(/\*\*(?:(?!\*/).)*\*/)\n(?:#if[^\n]*\n)?#define (\w+)(\([^)]*\))?((?:\\\n|[^\n])*)$", re.S | re.M)


@dataclass
class Section:
    """A part of the header, and the reStructuredText of what is declared in it."""

    title: str
    line: int
    introduction: str
    items: list[tuple[int, list[str]]] = field(default_factory=list)
    summary: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return re.sub(r"[^a-z]+", "-", self.title.lower()).strip("-")


def comment_text(raw: str | None) -> str:
    """What a /** comment says, without its frame."""
    if not raw:
        return ""
    lines = raw.removeprefix("/**").removesuffix("*/").rstrip().split("\n")
    return "\n".join([lines[0].strip(), *(re.sub(r"^\s*\*? {0,2}", "", line) for line in lines[1:])])


def first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n")[0].split())
    # Neither "0.299 R" nor "..." ends a sentence.
    return re.split(r"(?<=[^.\d][.:;])\s", paragraph + " ")[0].strip().rstrip(".:;") + "."


def indented(lines: list[str], by: int = 3) -> list[str]:
    return [" " * by + line if line else "" for line in lines]


def declaration(cursor: Cursor) -> str:
    """The declaration as the header has it, on one line, without the markers."""
    tokens = [token.spelling for token in cursor.get_tokens()]
    text = " ".join(token for token in tokens if token not in ("FCN_EXPERIMENTAL", "typedef"))
    text = re.sub(r"\s*([(),;])\s*", r"\1", text).replace(",", ", ").rstrip(";")
    text = re.sub(r"\* (?=[\w(])", "*", text).replace("* *", "**")
    return re.sub(r"(\w)\(\*", r"\1 (*", text)


class Header:
    """include/fcn.h as clang reads it."""

    def __init__(self, path: Path, pages: set[str]) -> None:
        self.text = path.read_text()
        unit = Index.create().parse(
            str(path), args=["-std=c99", "-fparse-all-comments"],
            options=TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        errors = [d for d in unit.diagnostics if d.severity > 2 and "file not found" not in d.spelling]
        if errors:
            raise SystemExit(f"{path}: {errors[0]}")
        self.cursors = [
            cursor for cursor in unit.cursor.get_children()
            if cursor.location.file and cursor.location.file.name == str(path)]
        self.names = Names(self._known_names(), pages)
        self.sections = [
            Section(m[1], self._line(m.start()), re.sub(r"^ \* ?", "", m[2], flags=re.M).strip())
            for m in SECTION.finditer(self.text)]
        self._read_remarks()
        self._read_macros()
        for cursor in self.cursors:
            self._read(cursor)

    def _line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def _known_names(self) -> dict[str, str]:
        """The role by which each name is linked."""
        roles = {m[2]: "macro" for m in MACRO.finditer(self.text)}
        for cursor in self.cursors:
            match cursor.kind:
                case CursorKind.FUNCTION_DECL:
                    roles[cursor.spelling] = "func"
                case CursorKind.TYPEDEF_DECL:
                    roles[cursor.spelling] = "type"
                case CursorKind.STRUCT_DECL if cursor.is_definition():
                    for member in cursor.get_children():
                        roles[f"{cursor.spelling}.{member.spelling}"] = "member"
                case CursorKind.ENUM_DECL:
                    roles |= {constant.spelling: "enumerator" for constant in cursor.get_children()}
        return roles

    def _section(self, line: int) -> Section:
        return [section for section in self.sections if section.line <= line][-1]

    def _add(self, line: int, lines: list[str]) -> None:
        self._section(line).items.append((line, [*lines, ""]))

    def _read_remarks(self) -> None:
        for m in REMARK.finditer(self.text):
            text = re.sub(r"^ \* ?", "", m[1], flags=re.M).strip()
            self._add(self._line(m.start()), block(text, self.names))

    def _read_macros(self) -> None:
        for m in MACRO.finditer(self.text):
            text = comment_text(m[1])
            value = " ".join(m[4].replace("\\\n", " ").split())
            lines = [f".. c:macro:: {m[2]}{m[3] or ''}", ""]
            lines += indented(block(text, self.names))
            if value and not m[3]:
                lines += indented(["", f"In this version ``{value}``."])
            self._add(self._line(m.start()), lines)

    def _read(self, cursor: Cursor) -> None:
        match cursor.kind:
            case CursorKind.FUNCTION_DECL:
                self._add_described(cursor, f".. c:function:: {declaration(cursor)}")
            case CursorKind.TYPEDEF_DECL:
                struct = cursor.underlying_typedef_type.get_declaration()
                if struct.kind == CursorKind.STRUCT_DECL and struct.is_definition():
                    self._add_described(
                        cursor, f".. c:struct:: {cursor.spelling}", self._members(struct))
                elif struct.kind == CursorKind.STRUCT_DECL:
                    self._add_described(cursor, f".. c:type:: {cursor.spelling}")
                else:
                    self._add_described(cursor, f".. c:type:: {declaration(cursor)}")
            case CursorKind.ENUM_DECL:
                lines: list[str] = []
                for constant in cursor.get_children():
                    lines += [f".. c:enumerator:: {constant.spelling} = {constant.enum_value}", ""]
                    lines += indented(block(comment_text(constant.raw_comment), self.names)) + [""]
                self._add(cursor.location.line, lines)

    def _add_described(self, cursor: Cursor, directive: str, body: list[str] | None = None) -> None:
        text = comment_text(cursor.raw_comment)
        lines = block(text, self.names)
        if "FCN_EXPERIMENTAL" in [token.spelling for token in cursor.get_tokens()][:1]:
            lines = [":c:macro:`Experimental <FCN_EXPERIMENTAL>`.", "", *lines]
        line = cursor.location.line
        self._add(line, [directive, "", *indented(lines + [""] + (body or []))])
        self._section(line).summary.append(
            (self.names.roles[cursor.spelling], cursor.spelling, first_sentence(text)))

    def _members(self, struct: Cursor) -> list[str]:
        lines: list[str] = []
        for member in struct.get_children():
            lines += [f".. c:member:: {declaration(member)}", ""]
            lines += indented(block(comment_text(member.raw_comment), self.names)) + [""]
        return lines


def conventions(header: Header) -> str:
    """The header's first comment: paragraphs below titles, one of them with a program."""
    text = re.sub(r"^ \* ?", "", header.text.split("*/")[0].removeprefix("/*\n"), flags=re.M)
    lines = ["Conventions", "===========", ""]
    introduction, *parts = re.split(r"\n(?=[A-Z][^\n]*\n\n?  )", text)
    introduction = introduction.partition(": ")[2].strip()
    lines += block(introduction[0].upper() + introduction[1:], header.names) + [""]
    for part in parts:
        title, _, body = part.partition("\n")
        if title.startswith("An example"):
            lines += ["An example", "----------", "", ":doc:`/examples/c/segment.c`:", ""]
            lines += [".. code-block:: c", ""]
            lines += indented([line.removeprefix("    ") for line in body.split("\n")])
        else:
            lines += [plain(title), "-" * len(title), ""]
            lines += block("\n".join(line.removeprefix("  ") for line in body.split("\n")), header.names)
        lines.append("")
    return "\n".join(lines)


def write_pages(path: Path, folder: Path, pages: set[str]) -> None:
    """Writes the reference of the header at `path` to `folder`; `pages` are those one may link to."""
    header = Header(path, pages)
    folder.mkdir(parents=True)
    sections = [section for section in header.sections if section.items]
    index = ["C reference", "===========", ""]
    index += [
        "All of :doc:`include/fcn.h </include/fcn.h>`, in its order, made from its comments.", "",
        ".. toctree::", "   :maxdepth: 1", "", "   conventions"]
    index += [f"   {section.name}" for section in sections] + [""]
    for section in sections:
        lines = [section.title, "=" * len(section.title), ""]
        lines += block(section.introduction, header.names) + [""]
        for _, item in sorted(section.items, key=lambda item: item[0]):
            lines += item
        (folder / f"{section.name}.rst").write_text("\n".join(lines))
        if section.summary:
            index += [section.title, "-" * len(section.title), ""]
            for role, name, sentence in section.summary:
                index += [f":c:{role}:`{name}`", f"   {header.names.linked(sentence)}"]
            index.append("")
    (folder / "index.rst").write_text("\n".join(index))
    (folder / "conventions.rst").write_text(conventions(header))
