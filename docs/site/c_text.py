"""Comments of the C header as reStructuredText: prose that names what is declared elsewhere."""

from __future__ import annotations

import re

ITEM = re.compile(r"^( *)(-|\d+\.) +(.*)$")
INLINE = re.compile(
    r"`(?P<code>[^`]+)`|(?P<name>\b(?:fcn|FCN)_\w+(?:\.\w+)?(?:\(\))?)|(?P<page>\bdocs/([\w-]+)\.md\b)"
    r"|(?P<file>\bexamples/c/[\w.]+\.c\b)")


def plain(text: str) -> str:
    """Text that shall mean nothing to docutils."""
    return re.sub(r"([\\*`|]|_(?!\w))", r"\\\1", text)


class Names:
    """What is declared, by the role that links it, and the pages that there are."""

    def __init__(self, roles: dict[str, str], pages: set[str]) -> None:
        self.roles, self.pages = roles, pages

    def _link(self, name: str) -> str | None:
        bare = name.removesuffix("()")
        while bare not in self.roles:
            bare, dot, _ = bare.rpartition(".")
            if not dot:
                return None
        rest = name.removesuffix("()")[len(bare):]
        return f":c:{self.roles[bare]}:`{bare}`" + (plain(rest) if rest else "")

    def linked(self, text: str) -> str:
        """The text with roles for what it names."""
        parts, end = [], 0
        for m in INLINE.finditer(text):
            parts.append(plain(text[end:m.start()]))
            end = m.end()
            if m["code"]:
                parts.append(self._link(m["code"]) or f"``{m['code']}``")
            elif m["name"]:
                parts.append(self._link(m["name"]) or f"``{m['name']}``")
            elif m["page"]:
                known = f"docs/{m[4]}" in self.pages
                parts.append(f":doc:`/docs/{m[4]}`" if known else f"``{m['page']}``")
            else:
                parts.append(f":doc:`/{m['file']}`")
            if text[end:end + 1].isalnum():  # a role ends where a word does
                parts.append("\\ ")
        parts.append(plain(text[end:]))
        return "".join(parts)


def block(text: str, names: Names) -> list[str]:
    """Paragraphs and lists. An item's further lines are indented as its text is."""
    lines: list[str] = []
    within: int | None = None  # the indentation of the item's text
    for line in text.split("\n"):
        indentation = len(line) - len(line.lstrip())
        item = ITEM.match(line)
        if item:
            lines += ["", f"{item[2]} {names.linked(item[3])}"]
            within = indentation + len(item[2]) + 1
            continue
        if not line.strip():
            lines.append("")
            within = None
            continue
        if within is not None and indentation < within:
            lines.append("")
            within = None
        prefix = "" if within is None else "   " if re.match(r"\d", lines_item(lines)) else "  "
        lines.append(prefix + names.linked(line.strip()))
    return lines


def lines_item(lines: list[str]) -> str:
    """The line that the last item began with."""
    return next((line for line in reversed(lines) if ITEM.match(line)), "-")
