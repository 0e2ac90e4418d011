"""Segmentation."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from ctypes import byref, c_float, c_int32, c_int64, c_uint8
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ._native import Handle, PathLike, PixelsStruct, ReadRowsCallback, SegmentCallback
from ._native import SessionHandle, SessionParamsStruct, StreamStruct, WriteRowsCallback
from ._native import encoded_path, encoded_text, lib, whole_number
from ._pixels import ChannelOrder, Labels, PictureLike, pixels_of, pointer_to, require_several
from ._signals import SignalGuard
from .model import Model

#: In which numbers convolutions multiply: see fcn_session_params in fcn.h.
Precision = Literal["float32", "int16", "tf32", "float16", "bfloat16", "int8"]
_PRECISIONS = {
    "float32": 0, "int16": 1, "tf32": 2, "float16": 3, "bfloat16": 4, "int8": 5,
}


def _parse_device(device: str) -> tuple[int, int]:
    """The backend and the index of the device in it."""
    if device == "cpu":
        return 0, 0
    if not isinstance(device, str):
        raise TypeError(f"device is {device!r}; wanted 'cpu', 'cuda' or 'cuda:N'")
    name, colon, index = device.partition(":")
    if name != "cuda" or (colon and not index.isdecimal()):
        raise ValueError(f"device is {device!r}; wanted 'cpu', 'cuda' or 'cuda:N'")
    return 1, whole_number("device", int(index or "0"))


def _joined(names: Iterable[str] | str) -> bytes:
    """The names of forms as one text for C."""
    several = [names] if isinstance(names, str) else names
    try:
        return encoded_text("disabled_forms", ",".join(several))
    except TypeError:
        raise TypeError(f"disabled_forms is {names!r}; it must be names of forms") from None


@dataclass(frozen=True)
class SegmentProgress:
    """How far a segmentation has come; `fraction` is 0 to 1."""

    pictures_done: int
    picture_count: int
    fraction: float
    elapsed_ms: float


def _callback(
    progress: Callable[[SegmentProgress], bool | None] | None, guards: list[SignalGuard]
) -> Any:
    """Tells `progress`, and stops the call where it or the handler of a signal says so; the last of
    `guards` is that of the call."""

    def report(pointer: Any, _: Any) -> int:
        guard = guards[-1]
        try:
            if progress is not None and not guard.stopped:
                p = pointer.contents
                state = SegmentProgress(p.pictures_done, p.picture_count, p.fraction, p.elapsed_ms)
                if progress(state) is False:
                    return 1
        except BaseException as error:  # to be raised again once C has returned
            guard.keep(error)
        return int(guard.stopped)

    return SegmentCallback(report)


class Session(Handle):
    """The memory and the threads in which a model runs. One thread at a time may use it."""

    _struct, _free = SessionHandle, "fcn_session_free"
    _in_other_processes = (
        "send its Model, which can be, or the model's path, and make a Session once in each process")

    def __init__(
        self, model: Model, *, threads: int = 0, largest_batch: int = 8,
        precision: Precision = "float32", device: str = "cpu",
        disabled_forms: Iterable[str] = (),
        progress: Callable[[SegmentProgress], bool | None] | None = None,
        largest_picture: int = 0, largest_memory: int = 0,
    ) -> None:
        """`threads` 0 uses every core; `largest_batch` pictures of one size run together.
        `precision` "int16" halves the memory of weights, for scores that differ a little; "int8" is
        quicker, has values between layers as bytes, and wants a model that Model.calibrated made.
        `device` is "cpu", "cuda" for the first CUDA device, or "cuda:1" and so on; one takes
        "float32", "tf32", "float16" or "bfloat16".
        `disabled_forms` are names of ways of computing layers, as `fcn bench --layers` shows them, that
        are not to be used, to compare or to avoid one.
        `progress` is told of progress and stops the run, which then raises FCNError, by returning
        False.
        `largest_picture` is the most pixels that a picture may have, 0 for 2**28; `largest_memory` the
        most bytes that the network may take for activations and prepared weights, 0 for no limit. What
        is beyond them raises FCNError (OUT_OF_MEMORY) before anything is allocated for it."""
        super().__init__()
        if not isinstance(model, Model):
            raise TypeError(f"model is {model!r}; it must be a Model, as fcnswift.Model(path) is")
        params = SessionParamsStruct()
        lib.fcn_session_params_init(byref(params), ctypes.sizeof(params))
        params.threads = whole_number("threads", threads)
        params.largest_batch = whole_number("largest_batch", largest_batch)
        params.largest_picture = whole_number(
            "largest_picture", largest_picture, 64, signed=False)
        params.largest_memory = whole_number("largest_memory", largest_memory, 64, signed=False)
        if not isinstance(precision, str) or precision not in _PRECISIONS:
            raise ValueError(f"precision is {precision!r}; wanted one of {', '.join(_PRECISIONS)}")
        params.precision = _PRECISIONS[precision]
        params.backend, params.device = _parse_device(device)
        params.disabled_forms = _joined(disabled_forms) or None
        self._class_names = model.class_names
        self._model = model._about()
        lib.fcn_session_create(byref(self.pointer), model.live, byref(params))
        self._has_progress, self._is_watched = progress is not None, False
        self._guards: list[SignalGuard] = []
        # C calls it as long as the session lives.
        self._callback = _callback(progress, self._guards)

    def _about(self) -> str:
        return f" of{self._model}"

    def _run(self, function: str, *arguments: Any) -> None:
        with SignalGuard() as guard:
            # In other threads than the main one no handler runs, and nobody need be asked.
            wanted = self._has_progress or guard.is_needed
            if wanted != self._is_watched:
                callback = self._callback if wanted else SegmentCallback()
                lib.fcn_session_set_progress(self.live, callback, None)
                self._is_watched = wanted
            self._guards.append(guard)
            try:
                getattr(lib, function)(self.live, *arguments)
            finally:
                self._guards.remove(guard)

    def segment(self, picture: PictureLike, order: ChannelOrder = "rgb") -> Labels:
        """The class of every pixel: height x width. `picture` is the path or the bytes of a PNG or
        JPEG file, or a file object that has been opened for reading bytes; an array of uint8, or of
        floats from 0 to 1, height x width (grey), x 3 or x 4, whose channels are in `order`; whatever
        NumPy makes such an array of; an Image; or a picture of Pillow's, which is taken upright as its
        file is."""
        return self.segment_all([picture], order)[0]

    def segment_all(
        self, pictures: Iterable[PictureLike], order: ChannelOrder = "rgb"
    ) -> list[Labels]:
        """As segment() for several pictures, which may differ in size and kind."""
        require_several("segment_all", pictures)
        views = [pixels_of(picture, order) for picture in pictures]
        array = (PixelsStruct * len(views))(*(view for view, _ in views))
        self._run("fcn_segment", array, len(views))
        return [self.labels(i) for i in range(len(views))]

    def segment_file(self, path: PathLike) -> Labels:
        """As segment() for a PNG, JPEG or TIFF file."""
        self._run("fcn_segment_file", encoded_path(path))
        return self.labels()

    def segment_encoded(self, data: bytes) -> Labels:
        """As segment() for a PNG, JPEG or TIFF file that stands in memory."""
        data = bytes(data)
        self._run("fcn_segment_encoded", data, len(data))
        return self.labels()

    def segment_rows(
        self, width: int, height: int, read: Callable[[int, int], npt.NDArray[np.uint8]],
        write: Callable[[int, Labels], object], *, order: ChannelOrder = "rgb",
        tile_side: int = 0, memory_limit: int = 0,
    ) -> None:
        """Segments a picture that is too large for memory, a tile at a time. `read(first, count)`
        returns rows first to first + count - 1: an array of uint8, count x width x 3, its channels in
        `order`; rows are asked for once, from the top. `write(first, labels)` takes labels from row
        `first` on, rows x width, an array that is good during the call: copy what is to stay. What
        either raises ends the run. Tiles are at most `tile_side` pixels wide and high, or, where that
        is 0, as large as `memory_limit` bytes allow, 1 GiB where that is 0. Leaves no results."""
        stream = StreamStruct(
            struct_size=ctypes.sizeof(StreamStruct), format=2 if order == "bgr" else 1,
            width=whole_number("width", width), height=whole_number("height", height),
            tile_side=whole_number("tile_side", tile_side),
            memory_limit=whole_number("memory_limit", memory_limit, 64, signed=False))

        def read_rows(first: int, count: int, pixels: Any, _: Any) -> int:
            guard = self._guards[-1]
            try:
                rows = np.ascontiguousarray(read(first, count))
                if rows.dtype != np.uint8 or rows.shape != (count, width, 3):
                    raise ValueError(
                        f"read returned {rows.dtype} of shape {rows.shape}; wanted uint8 of "
                        f"{(count, width, 3)}")
                ctypes.memmove(pixels, rows.ctypes.data, rows.nbytes)
            except BaseException as error:  # to be raised again once C has returned
                guard.keep(error)
            return int(guard.stopped)

        def write_rows(first: int, count: int, labels: Any, _: Any) -> int:
            guard = self._guards[-1]
            try:
                write(first, np.ctypeslib.as_array(labels, (count, width)))
            except BaseException as error:  # to be raised again once C has returned
                guard.keep(error)
            return int(guard.stopped)

        stream.read_rows, stream.write_rows = ReadRowsCallback(read_rows), WriteRowsCallback(write_rows)
        self._run("fcn_segment_stream", byref(stream))

    @property
    def result_count(self) -> int:
        """Pictures in the last run, whose results can be asked for."""
        count = c_int32()
        lib.fcn_result_count(byref(count), self.live)
        return count.value

    def _size(self, index: int) -> tuple[int, int]:
        index = whole_number("index", index)
        width, height = c_int32(), c_int32()
        lib.fcn_result_size(byref(width), byref(height), self.live, index)
        return height.value, width.value

    def _result(self, name: str, shape: tuple[int, ...], dtype: Any, kind: Any, index: int) -> Any:
        index = whole_number("index", index)
        array = np.empty(shape, dtype)
        getattr(lib, name)(pointer_to(array, kind), array.size, None, self.live, index)
        return array

    def labels(self, index: int = 0) -> Labels:
        """The class of every pixel of picture `index` of the last run: height x width."""
        labels: Labels = self._result("fcn_result_labels", self._size(index), np.uint8, c_uint8, index)
        return labels

    def scores(self, index: int = 0) -> npt.NDArray[np.float32]:
        """The score of every class at every pixel, before softmax: classes x height x width."""
        shape = (len(self._class_names), *self._size(index))
        scores: npt.NDArray[np.float32] = self._result(
            "fcn_result_scores", shape, np.float32, c_float, index)
        return scores

    def probabilities(self, index: int = 0) -> npt.NDArray[np.float32]:
        """The softmax of the scores."""
        shape = (len(self._class_names), *self._size(index))
        softmax: npt.NDArray[np.float32] = self._result(
            "fcn_result_probabilities", shape, np.float32, c_float, index)
        return softmax

    def areas(self, index: int = 0) -> dict[str, int]:
        """Pixels of each class, in index order."""
        shape = (len(self._class_names),)
        areas = self._result("fcn_result_areas", shape, np.int64, c_int64, index)
        return dict(zip(self._class_names, areas.tolist()))
