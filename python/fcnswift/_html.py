"""Tables for notebooks."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .model import Model


def _swatch(colour: npt.NDArray[np.uint8]) -> str:
    red, green, blue = (int(part) for part in colour)
    return (
        f'<span style="display:inline-block;width:1em;height:1em;border:1px solid #888;'
        f'background:rgb({red},{green},{blue})"></span>')


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of cells that are HTML already."""
    lines = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in row) + "</tr>"
        for row in rows)
    return f"<table>{lines}</table>"


def model_table(model: Model) -> str:
    """What a model is: its architecture, size and classes in their colours."""
    rule = model.preprocessing
    size = {
        "native": "any",
        "exact": f"{rule['width']} × {rule['height']}",
        "longest-side": f"longest side {rule['width']}",
        "at-most": f"at most {rule['width']} × {rule['height']}",
    }[rule["size"]]
    classes = ", ".join(
        f"{_swatch(colour)}&nbsp;{html.escape(name)}"
        for name, colour in zip(model.class_names, model.palette))
    return _table([
        ("model", html.escape(model.architecture)),
        ("parameters", f"{model.parameter_count:,}"),
        ("pictures' size", size),
        (f"{len(model.class_names)} classes", classes),
        ("note", html.escape(model.note)),
    ])


def _percentage(share: float) -> str:
    # What is there is not shown as nothing.
    return f"{100 * share:.1f} %" if share >= 0.0005 else "&lt; 0.1 %"


def picture_with_legend(
    png: bytes, rows: Iterable[tuple[npt.NDArray[np.uint8], str, float]]
) -> str:
    """A picture above a line for each class: its colour, its name, its share from 0 to 1."""
    legend: list[tuple[Any, ...]] = [
        (_swatch(colour), html.escape(name), _percentage(share)) for colour, name, share in rows]
    data = base64.b64encode(png).decode()
    return f'<div><img src="data:image/png;base64,{data}" alt="">{_table(legend)}</div>'
