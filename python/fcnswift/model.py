"""Models."""

from __future__ import annotations

import ctypes
import html
import os
from collections.abc import Iterable, Mapping, Sequence
from ctypes import byref
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from ._html import model_table
from ._native import (
    Handle, ImportInfoStruct, ImportParamsStruct, ModelHandle, ModelInfoStruct, PathLike,
    PixelsStruct, PreprocessingStruct, SegmentCallback, encoded_path, encoded_text, file_contents, lib,
    whole_number)
from ._pixels import ChannelOrder, PictureLike, pixels_of, require_several
from ._signals import SignalGuard
from .preprocessing import Preprocessing, preprocessing_struct


class Model(Handle):
    """Weights, and all that their file says of them. May be shared between threads.

    A model may be pickled. One that was opened from a file goes as the file's path, which must be there
    where it is unpickled; the default one as that; any other as the bytes of a model file.
    """

    _struct, _free = ModelHandle, "fcn_model_free"
    #: What makes it again in another process, where that is less than its bytes.
    _recipe: tuple[Any, ...] | None = None

    def __init__(self, path: PathLike) -> None:
        """Opens the model file at `path`."""
        super().__init__()
        lib.fcn_model_open(byref(self.pointer), encoded_path(path))
        self._recipe = type(self), (os.path.abspath(os.fsdecode(path)),)

    @classmethod
    def open(cls, path: PathLike) -> Model:
        """Opens the model file at `path`, as Model(path) does."""
        return cls(path)

    @classmethod
    def default(cls) -> Model:
        """Opens the model that came with the library, or the one at $FCN_MODEL."""
        model = cls.made_by("fcn_model_open_default")
        model._recipe = cls.default, ()
        return model

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Opens a model file that stands in memory; it is copied."""
        data = file_contents("data", data)
        return cls.made_by("fcn_model_open_memory", data, len(data))

    @classmethod
    def imported(
        cls, path: PathLike, *, architecture: str | None = None,
        class_names: Sequence[str] | None = None, note: str | None = None,
        preprocessing: Preprocessing | None = None, rename: Mapping[str, str] | None = None,
        graph_output: str | None = None,
    ) -> Model:
        """Makes a model of an ONNX file, or of weights that Caffe, Chainer, PyTorch or safetensors'
        writers wrote.

        `architecture` says which network they are where names and shapes leave that open.
        `preprocessing` says how pictures were made ready in their training, where that was not as
        usual for weights of their kind: "torchvision", "caffe", "grey" or "unit" (0 to 1), or a dict
        as `Model.preprocessing` gives it, in which "std" may stand for "scale". `rename` gives
        tensors and layers of the file other names. `graph_output` is, of an ONNX file with several
        outputs, the one whose scores are taken. `left_out` tells what the model does without.
        """
        params = ImportParamsStruct()
        lib.fcn_import_params_init(byref(params), ctypes.sizeof(params))
        if architecture is not None:
            params.architecture = encoded_text("architecture", architecture)
        if note is not None:
            params.note = encoded_text("note", note)
        if class_names is not None:
            if isinstance(class_names, str):
                raise TypeError(f"class_names is {class_names!r}; it must be a list of names")
            names = (ctypes.c_char_p * len(class_names))(
                *(encoded_text("class_names", name) for name in class_names))
            params.class_names, params.class_count = names, len(class_names)
        if preprocessing is not None:
            params.preprocessing = ctypes.pointer(preprocessing_struct(preprocessing))
        if rename:
            if not isinstance(rename, Mapping):
                raise TypeError(f"rename is {rename!r}; it must be a dict of old names and new ones")
            pairs = [encoded_text("rename", f"{old}={new}") for old, new in rename.items()]
            params.renames, params.rename_count = (ctypes.c_char_p * len(pairs))(*pairs), len(pairs)
        if graph_output is not None:
            params.graph_output = encoded_text("graph_output", graph_output)
        return cls.made_by("fcn_model_import", encoded_path(path), byref(params))

    def _import_info(self) -> ImportInfoStruct:
        info = ImportInfoStruct(struct_size=ctypes.sizeof(ImportInfoStruct))
        lib.fcn_model_get_import_info(byref(info), self.live)
        return info

    @property
    def left_out(self) -> list[str]:
        """Tensors of the imported file that the model does without; none for any other model."""
        info = self._import_info()
        return [info.left_out[i].decode() for i in range(info.left_out_count)]

    @property
    def filled_in(self) -> list[str]:
        """Parameters that the imported file did not have, made bilinear as the FCN papers have them."""
        info = self._import_info()
        return [info.filled_in[i].decode() for i in range(info.filled_in_count)]

    @property
    def preprocessing_assumed(self) -> bool:
        """Whether the preprocessing is merely the usual one for weights as those that were imported."""
        return bool(self._import_info().preprocessing_assumed)

    @property
    def normalised_range(self) -> float | None:
        """Of an imported ONNX graph that normalises its input itself, the largest value that it seems to
        take pictures to have, 1 or 255."""
        return self._import_info().normalised_range or None

    def calibrated(
        self, pictures: Iterable[PictureLike], *, threads: int = 0, order: ChannelOrder = "rgb"
    ) -> Model:
        """This model with the ranges of values that precision "int8" needs, measured on `pictures`
        of the kind that it is for, some dozen; see Session.segment for what may be one. save() keeps
        them."""
        require_several("calibrated", pictures)
        views = [pixels_of(picture, order) for picture in pictures]
        array = (PixelsStruct * len(views))(*(view for view, _ in views))
        with SignalGuard() as guard:
            # A signal's handler ends it.
            watch = SegmentCallback(lambda _, __: int(guard.stopped))
            return Model.made_by(
                "fcn_model_calibrate", self.live, array, len(views),
                whole_number("threads", threads), watch, None)

    @property
    def is_calibrated(self) -> bool:
        """Whether it has the ranges of values that precision "int8" needs."""
        return bool(self._info().calibrated)

    def save(self, path: PathLike, *, half: bool = False) -> None:
        """Writes a model file, weights as 32-bit or, with `half`, 16-bit floats."""
        lib.fcn_model_save(self.live, encoded_path(path), int(half))

    def __reduce__(self) -> Any:
        pointer = self.live  # noqa: F841, raises where it is closed
        if self._recipe is not None:
            return self._recipe
        with TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.safetensors")
            self.save(path)
            with open(path, "rb") as file:
                return type(self).from_bytes, (file.read(),)

    def _repr_html_(self) -> str:
        """A table, which notebooks show."""
        return model_table(self) if self.pointer else html.escape(repr(self))

    def _about(self) -> str:
        info = self._info()
        return (
            f" {info.architecture.decode()}, {info.class_count} classes, "
            f"{info.parameter_count:,} parameters")

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
        """The name of its architecture, "fcn-simple" for one, or "graph" where its file describes
        the network itself."""
        return str(self._info().architecture.decode())

    def check(self) -> None:
        """Reads all weights: FCNError, with the name of the tensor, where one is NaN or infinite.
        Segmenting finds the same in those that it uses."""
        lib.fcn_model_check(self.live)

    @property
    def graph(self) -> str:
        """The network as JSON to read and change; Trainer(graph=...) trains such a one afresh."""
        text = ctypes.c_char_p()
        lib.fcn_model_get_graph(byref(text), self.live)
        return (text.value or b"").decode()

    @property
    def note(self) -> str:
        """What it was trained on, and how well it does."""
        return str(self._info().note.decode())

    @property
    def parameter_count(self) -> int:
        """Weights in all."""
        return int(self._info().parameter_count)

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
