"""Models."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref
from typing import Any

import numpy as np
import numpy.typing as npt

from ._native import Handle, ModelHandle, ModelInfoStruct, PathLike, PreprocessingStruct, lib


class Model(Handle):
    """Weights, and all that their file says of them. May be shared between threads."""

    _struct, _free = ModelHandle, "fcn_model_free"

    def __init__(self, path: PathLike) -> None:
        """Opens the model file at `path`."""
        super().__init__()
        lib.fcn_model_open(byref(self.pointer), os.fsencode(path))

    @classmethod
    def default(cls) -> Model:
        """Opens the model that is installed with the library, or the one at $FCN_MODEL."""
        return cls.made_by("fcn_model_open_default")

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Opens a model file that stands in memory; it is copied."""
        return cls.made_by("fcn_model_open_memory", data, len(data))

    def _info(self) -> ModelInfoStruct:
        info = ModelInfoStruct(struct_size=ctypes.sizeof(ModelInfoStruct))
        lib.fcn_model_get_info(byref(info), self.live)
        return info

    @property
    def class_names(self) -> list[str]:
        """A name for each class, in index order."""
        info = self._info()
        return [info.class_names[i].decode() for i in range(info.class_count)]

    @property
    def palette(self) -> npt.NDArray[np.uint8]:
        """A colour for each class: classes x (red, green, blue)."""
        info = self._info()
        return np.ctypeslib.as_array(info.palette, (info.class_count, 3)).copy()

    @property
    def architecture(self) -> str:
        """The name of its architecture, "fcn-simple" for one."""
        return self._info().architecture.decode()

    @property
    def note(self) -> str:
        """What it was trained on, and how well it does."""
        return self._info().note.decode()

    @property
    def parameter_count(self) -> int:
        """Weights in all."""
        return self._info().parameter_count

    @property
    def preprocessing(self) -> dict[str, Any]:
        """How a picture becomes the network's input; the library applies it by itself."""
        rule = PreprocessingStruct(struct_size=ctypes.sizeof(PreprocessingStruct))
        lib.fcn_model_get_preprocessing(byref(rule), self.live)
        channels = 1 if rule.channel_order == 2 else 3
        return {
            "size": ("native", "exact", "longest-side", "at-most")[rule.size_rule],
            "width": rule.size_width, "height": rule.size_height,
            "channels": ("rgb", "bgr", "grey")[rule.channel_order],
            "mean": list(rule.mean)[:channels], "scale": list(rule.scale)[:channels],
        }
