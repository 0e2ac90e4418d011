"""How pictures become a network's input."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import byref
from typing import Any, Union

import numpy as np

from ._native import PreprocessingStruct, encoded_text, lib, whole_number

#: A rule that has a name, or a dict as `Model.preprocessing` gives it.
Preprocessing = Union[str, "Mapping[str, Any]"]

_SIZES = ("native", "exact", "longest-side", "at-most")
_ORDERS = ("rgb", "bgr", "grey")
_KEYS = ("channels", "mean", "scale", "std", "size", "width", "height")


def preprocessing_struct(rule: Preprocessing) -> PreprocessingStruct:
    """The struct of fcn.h for `rule`, a name or a dict.

    Keys of a dict, each of which may be missing: "channels" ("rgb", "bgr" or "grey"), "mean" in units
    of 0 to 255, "scale", which multiplies after that, or "std" in its place, which divides ("mean" and
    "std" may both be of values of 0 to 1, as in PyTorch's Normalize); "size", "width" and "height".
    Values are one number or one a channel; where they differ, "channels" must be there, since theirs is
    the order. Raises ValueError for others, TypeError for what is no number.
    """
    struct = PreprocessingStruct(struct_size=ctypes.sizeof(PreprocessingStruct))
    if isinstance(rule, str):
        lib.fcn_preprocessing_named(byref(struct), encoded_text("preprocessing", rule))
        return struct
    unknown = set(rule) - set(_KEYS)
    if unknown:
        raise ValueError(f"preprocessing has no {sorted(unknown)}; it has {', '.join(_KEYS)}")
    if "scale" in rule and "std" in rule:
        raise ValueError("std divides and scale multiplies: say one of them")
    struct.channel_order = _index(_ORDERS, rule.get("channels", "rgb"), "channels")
    channels = 1 if struct.channel_order == 2 else 3
    mean = _values(rule.get("mean", 0), channels, "mean")
    if "std" in rule:
        deviations = _values(rule["std"], channels, "std")
        if any(not value > 0 for value in deviations):
            raise ValueError(f"std is {rule['std']}; wanted values above 0")
        if max(map(abs, mean)) <= 1 and max(deviations) <= 1:
            mean, deviations = ([value * 255 for value in part] for part in (mean, deviations))
        elif min(deviations) < 1:
            raise ValueError("mean and std are in different units; wanted both of 0 to 1 or of 0 to 255")
        scale = [1 / value for value in deviations]
    else:
        scale = _values(rule.get("scale", 1), channels, "scale")
        if "scale" not in rule and any(mean) and max(map(abs, mean)) <= 1:
            raise ValueError("mean is within 0 to 1: say std too, in the same units, or scale and a "
                             "mean of 0 to 255")
    if "channels" not in rule and max(len(set(mean)), len(set(scale))) > 1:
        raise ValueError("values that differ between channels want the order of these: say channels, "
                         "rgb or bgr")
    struct.mean[:channels], struct.scale[:channels] = mean, scale
    struct.size_rule = _index(_SIZES, rule.get("size", "native"), "size")
    struct.size_width = whole_number("width", rule.get("width", 0))
    struct.size_height = whole_number("height", rule.get("height", 0))
    return struct


def _index(names: tuple[str, ...], name: Any, key: str) -> int:
    if name not in names:
        raise ValueError(f"{key} is {name!r}; wanted one of {names}")
    return names.index(name)


def _values(given: Any, channels: int, key: str) -> list[float]:
    parts = np.asarray(given)
    if parts.ndim > 1 or parts.dtype.kind not in "biuf":
        raise TypeError(f"{key} is {given!r}; it must be one number or one a channel")
    values = [float(value) for value in parts.reshape(-1)]
    if len(values) == 1:
        values *= channels
    if len(values) != channels:
        raise ValueError(f"{key} has {len(values)} values; wanted 1 or {channels}")
    return values
