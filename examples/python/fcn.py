"""Semantic segmentation with libfcn: include/fcn.h for Python, NumPy arrays in and out.

    import fcn

    with fcn.Model.default() as model, fcn.Session(model) as session:
        labels = session.segment(picture)      # uint8, height x width; picture: height x width x 3
        print(session.areas())                 # {"sky": 30211, "road": 40127, ...}

The library is looked for at $FCN_LIBRARY, in the build folder of the repository that this file
stands in, and where the system looks for libfcn.so.1. Every failure raises FCNError.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable, Iterable, Sequence
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t
from ctypes import c_uint8, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import numpy as np
import numpy.typing as npt

Path_ = Union[str, "os.PathLike[str]"]
Picture = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]
ChannelOrder = Literal["rgb", "bgr"]

ABI_VERSION = 1
IGNORE_LABEL = 255

STATUS_NAMES = {
    -1: "INVALID_ARGUMENT", -2: "NOT_FOUND", -3: "INPUT_OUTPUT", -4: "UNSUPPORTED",
    -5: "CORRUPT", -6: "SHAPE_MISMATCH", -7: "OUT_OF_MEMORY", -8: "ABORTED", -9: "NOT_FINITE",
    -10: "BUFFER_TOO_SMALL", -11: "INVALID_STATE", -12: "INTERNAL",
}


class FCNError(Exception):
    """A call that failed: `status` is its code, `name` the code's name without FCN_E_."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = STATUS_NAMES.get(status, str(status))


# ---- The header, restated for ctypes -----------------------------------------------------------


class _Pixels(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p), ("width", c_int32), ("height", c_int32), ("row_stride", c_size_t),
        ("format", c_int32), ("reserved", c_int32),
    ]


class _ModelInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("class_count", c_int32), ("class_names", POINTER(c_char_p)),
        ("palette", POINTER(c_uint8)), ("architecture", c_char_p), ("note", c_char_p),
        ("parameter_count", c_int64), ("width", c_float), ("batch_norm", c_int32),
    ]


class _Preprocessing(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("size_rule", c_int32), ("size_width", c_int32),
        ("size_height", c_int32), ("channel_order", c_int32), ("mean", c_float * 3),
        ("scale", c_float * 3), ("reserved", c_int32),
    ]


class _SessionParams(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("largest_batch", c_int32),
        ("reserved", c_int32), ("disabled_forms", c_char_p), ("allocator", c_void_p),
    ]


class _SegmentProgress(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("pictures_done", c_int32), ("picture_count", c_int32),
        ("fraction", c_float), ("elapsed_ms", c_double),
    ]


class _TrainerParams(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("data", c_char_p),
        ("train_split", c_char_p), ("validation_split", c_char_p), ("output", c_char_p),
        ("start", c_void_p), ("architecture", c_char_p), ("preprocessing", c_void_p),
        ("width", c_float), ("batch_norm", c_int32), ("epochs", c_int32), ("batch_size", c_int32),
        ("crop_size", c_int32), ("optimizer", c_int32), ("schedule", c_int32),
        ("learning_rate", c_float), ("momentum", c_float), ("weight_decay", c_float),
        ("warm_up", c_int32), ("flip", c_int32), ("scale_least", c_float),
        ("scale_greatest", c_float), ("seed", c_uint64),
    ]


class _TrainProgress(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("epoch_ended", c_int32), ("epoch", c_int32),
        ("epoch_count", c_int32), ("iteration", c_int64), ("iteration_count", c_int64),
        ("loss", c_float), ("pixel_accuracy", c_float), ("validation_loss", c_float),
        ("validation_pixel_accuracy", c_float), ("validation_mean_iu", c_float),
        ("learning_rate", c_float), ("elapsed_ms", c_double),
    ]


class _Model(ctypes.Structure):
    pass


class _Session(ctypes.Structure):
    pass


class _Image(ctypes.Structure):
    pass


class _Trainer(ctypes.Structure):
    pass


_SegmentCallback = ctypes.CFUNCTYPE(c_int32, POINTER(_SegmentProgress), c_void_p)
_TrainCallback = ctypes.CFUNCTYPE(c_int32, POINTER(_TrainProgress), c_void_p)

_U8, _F32, _I64, _Size = POINTER(c_uint8), POINTER(c_float), POINTER(c_int64), POINTER(c_size_t)

#: Parameters of every function that returns a status.
_STATUS_FUNCTIONS: dict[str, list[Any]] = {
    "fcn_image_open": [POINTER(POINTER(_Image)), c_char_p],
    "fcn_image_decode": [POINTER(POINTER(_Image)), c_char_p, c_size_t],
    "fcn_image_copy": [POINTER(POINTER(_Image)), POINTER(_Pixels)],
    "fcn_image_pixels": [POINTER(_Pixels), POINTER(_Image)],
    "fcn_image_save": [POINTER(_Image), c_char_p],
    "fcn_model_open": [POINTER(POINTER(_Model)), c_char_p],
    "fcn_model_open_default": [POINTER(POINTER(_Model))],
    "fcn_model_open_memory": [POINTER(POINTER(_Model)), c_char_p, c_size_t],
    "fcn_model_get_info": [POINTER(_ModelInfo), POINTER(_Model)],
    "fcn_model_get_preprocessing": [POINTER(_Preprocessing), POINTER(_Model)],
    "fcn_session_params_init": [POINTER(_SessionParams), c_uint32],
    "fcn_session_create": [POINTER(POINTER(_Session)), POINTER(_Model), POINTER(_SessionParams)],
    "fcn_session_set_progress": [POINTER(_Session), _SegmentCallback, c_void_p],
    "fcn_segment": [POINTER(_Session), POINTER(_Pixels), c_int32],
    "fcn_segment_encoded": [POINTER(_Session), c_char_p, c_size_t],
    "fcn_segment_file": [POINTER(_Session), c_char_p],
    "fcn_result_count": [POINTER(c_int32), POINTER(_Session)],
    "fcn_result_size": [POINTER(c_int32), POINTER(c_int32), POINTER(_Session), c_int32],
    "fcn_result_labels": [_U8, c_size_t, _Size, POINTER(_Session), c_int32],
    "fcn_result_scores": [_F32, c_size_t, _Size, POINTER(_Session), c_int32],
    "fcn_result_probabilities": [_F32, c_size_t, _Size, POINTER(_Session), c_int32],
    "fcn_result_areas": [_I64, c_size_t, _Size, POINTER(_Session), c_int32],
    "fcn_labels_save": [_U8, c_int32, c_int32, POINTER(_Model), c_char_p],
    "fcn_overlay": [
        POINTER(POINTER(_Image)), POINTER(_Pixels), _U8, c_size_t, POINTER(_Model), c_float],
    "fcn_sheet": [
        POINTER(POINTER(_Image)), POINTER(_Pixels), _U8, _U8, c_size_t, POINTER(_Model)],
    "fcn_trainer_params_init": [POINTER(_TrainerParams), c_uint32],
    "fcn_trainer_create": [POINTER(POINTER(_Trainer)), POINTER(_TrainerParams)],
    "fcn_trainer_run": [POINTER(_Trainer), _TrainCallback, c_void_p],
    "fcn_trainer_save": [POINTER(_Trainer), c_char_p],
}

#: Result and parameters of the others.
_OTHER_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "fcn_version": (c_char_p, []),
    "fcn_abi_version": (c_int32, []),
    "fcn_about": (c_char_p, [c_int32]),
    "fcn_last_error_message": (c_char_p, []),
    "fcn_image_free": (None, [POINTER(_Image)]),
    "fcn_model_free": (None, [POINTER(_Model)]),
    "fcn_session_free": (None, [POINTER(_Session)]),
    "fcn_trainer_free": (None, [POINTER(_Trainer)]),
}


def _load() -> ctypes.CDLL:
    built = Path(__file__).resolve().parents[2] / "build" / "lib" / "libfcn.so.1"
    path = os.environ.get("FCN_LIBRARY") or (str(built) if built.exists() else "libfcn.so.1")
    library = ctypes.CDLL(path)
    for name, (result, parameters) in _OTHER_FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    if library.fcn_abi_version() != ABI_VERSION:
        raise ImportError(
            f"{path} has ABI version {library.fcn_abi_version()}; this module needs {ABI_VERSION}")

    def check(status: int, *_: Any) -> int:
        if status != 0:
            raise FCNError(status, library.fcn_last_error_message().decode())
        return status

    for name, parameters in _STATUS_FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes, function.errcheck = c_int32, parameters, check
    return library


_lib = _load()


def version() -> str:
    """The library's version, "0.1.0" for one."""
    return _lib.fcn_version().decode()


def about() -> dict[str, str]:
    """What the library was built from and runs on, for a bug report."""
    topics = {"build": 1, "cpu": 2, "blas": 3, "architectures": 4}
    return {name: _lib.fcn_about(topic).decode() for name, topic in topics.items()}


# ---- Objects -----------------------------------------------------------------------------------

_Self = TypeVar("_Self", bound="_Handle")


class _Handle:
    """An object of the library, freed by close(), by leaving a `with`, or with its last reference."""

    _struct: type[ctypes.Structure]
    _free: str

    def __init__(self) -> None:
        self._pointer = POINTER(self._struct)()

    @property
    def _live(self) -> Any:
        if not self._pointer:
            raise ValueError(f"the {type(self).__name__} is closed")
        return self._pointer

    def close(self) -> None:
        """Frees the object; further calls on it raise ValueError. Closing twice is allowed."""
        pointer, self._pointer = self._pointer, POINTER(self._struct)()
        if pointer:
            getattr(_lib, self._free)(pointer)

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self.close()


class Model(_Handle):
    """Weights, and all that their file says of them. May be shared between threads."""

    _struct, _free = _Model, "fcn_model_free"

    def __init__(self, path: Path_) -> None:
        """Opens the model file at `path`."""
        super().__init__()
        _lib.fcn_model_open(byref(self._pointer), os.fsencode(path))

    @classmethod
    def default(cls) -> Model:
        """Opens the model that is installed with the library, or the one at $FCN_MODEL."""
        return cls._opened("fcn_model_open_default")

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Opens a model file that stands in memory; it is copied."""
        return cls._opened("fcn_model_open_memory", data, len(data))

    @classmethod
    def _opened(cls, function: str, *arguments: Any) -> Model:
        model = cls.__new__(cls)
        _Handle.__init__(model)
        getattr(_lib, function)(byref(model._pointer), *arguments)
        return model

    def _info(self) -> _ModelInfo:
        info = _ModelInfo(struct_size=ctypes.sizeof(_ModelInfo))
        _lib.fcn_model_get_info(byref(info), self._live)
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
        rule = _Preprocessing(struct_size=ctypes.sizeof(_Preprocessing))
        _lib.fcn_model_get_preprocessing(byref(rule), self._live)
        channels = 1 if rule.channel_order == 2 else 3
        return {
            "size": ("native", "exact", "longest-side", "at-most")[rule.size_rule],
            "width": rule.size_width, "height": rule.size_height,
            "channels": ("rgb", "bgr", "grey")[rule.channel_order],
            "mean": list(rule.mean)[:channels], "scale": list(rule.scale)[:channels],
        }


def _pixels(picture: npt.ArrayLike, order: ChannelOrder) -> tuple[_Pixels, Picture]:
    """A view of `picture`, and the array that must live as long as it."""
    array = np.asarray(picture)
    if array.dtype != np.uint8:
        raise TypeError(f"the picture is of {array.dtype}; it must be uint8, 0 to 255")
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"the picture has shape {np.shape(picture)}; it must be height x width, "
            "x 3 or x 4 where it is not grey")
    if order not in ("rgb", "bgr"):
        raise ValueError(f"the channel order is {order!r}; it must be 'rgb' or 'bgr'")
    height, width, channels = array.shape
    # A part of a larger array is handed over as it is; whatever else is not contiguous is copied.
    dense_rows = array.strides[2] in (1, channels) and (channels == 1 or array.strides[2] == 1)
    if not (dense_rows and array.strides[1] == channels and array.strides[0] >= width * channels):
        array = np.ascontiguousarray(array)
    form = {1: 5, 3: 1, 4: 3}[channels] + (order == "bgr" and channels > 1)
    stride = array.strides[0] if height > 1 else width * channels
    return _Pixels(array.ctypes.data, width, height, stride, form, 0), array


def _as_labels(labels: npt.ArrayLike) -> Labels:
    array = np.ascontiguousarray(labels)
    if array.dtype != np.uint8 or array.ndim != 2 or array.size == 0:
        raise ValueError(f"labels are {array.dtype}{array.shape}; they must be uint8, height x width")
    return array


def _pointer_to(array: np.ndarray[Any, Any], kind: Any) -> Any:
    return array.ctypes.data_as(POINTER(kind))


class Image(_Handle):
    """A picture of the library's: decoded from a file, or drawn by it."""

    _struct, _free = _Image, "fcn_image_free"

    def __init__(self, path: Path_) -> None:
        """Decodes the PNG or JPEG file at `path`."""
        super().__init__()
        _lib.fcn_image_open(byref(self._pointer), os.fsencode(path))

    @classmethod
    def _made(cls, function: str, *arguments: Any) -> Image:
        image = cls.__new__(cls)
        _Handle.__init__(image)
        getattr(_lib, function)(byref(image._pointer), *arguments)
        return image

    @classmethod
    def decode(cls, data: bytes) -> Image:
        """Decodes a PNG or JPEG file that stands in memory."""
        return cls._made("fcn_image_decode", data, len(data))

    @classmethod
    def from_array(cls, picture: npt.ArrayLike, order: ChannelOrder = "rgb") -> Image:
        """Copies an array of uint8: height x width, or x 3, or x 4."""
        pixels, _keep = _pixels(picture, order)
        return cls._made("fcn_image_copy", byref(pixels))

    @property
    def array(self) -> Picture:
        """A copy of the pixels: height x width x (red, green, blue)."""
        pixels = _Pixels()
        _lib.fcn_image_pixels(byref(pixels), self._live)
        data = ctypes.cast(pixels.data, POINTER(c_uint8))
        return np.ctypeslib.as_array(data, (pixels.height, pixels.width, 3)).copy()

    def save(self, path: Path_) -> None:
        """Writes a PNG file."""
        _lib.fcn_image_save(self._live, os.fsencode(path))


def overlay(
    picture: npt.ArrayLike, labels: npt.ArrayLike, model: Model, opacity: float = 0.5,
    order: ChannelOrder = "rgb",
) -> Image:
    """Draws the classes' colours over the picture."""
    (pixels, _keep), map_ = _pixels(picture, order), _as_labels(labels)
    return Image._made(
        "fcn_overlay", byref(pixels), _pointer_to(map_, c_uint8), map_.size, model._live, opacity)


def sheet(
    picture: npt.ArrayLike, labels: npt.ArrayLike, model: Model,
    truth: npt.ArrayLike | None = None, order: ChannelOrder = "rgb",
) -> Image:
    """Draws picture, labels and, if given, true labels side by side, with a legend."""
    (pixels, _keep), map_ = _pixels(picture, order), _as_labels(labels)
    true_map = None if truth is None else _as_labels(truth)
    if true_map is not None and true_map.shape != map_.shape:
        raise ValueError(f"truth is {true_map.shape}, labels are {map_.shape}; they must agree")
    return Image._made(
        "fcn_sheet", byref(pixels), _pointer_to(map_, c_uint8),
        None if true_map is None else _pointer_to(true_map, c_uint8), map_.size, model._live)


def save_labels(path: Path_, labels: npt.ArrayLike, model: Model | None = None) -> None:
    """Writes a palette PNG of the labels in the model's colours, or VOC's."""
    map_ = _as_labels(labels)
    height, width = map_.shape
    _lib.fcn_labels_save(
        _pointer_to(map_, c_uint8), width, height, model._live if model else None,
        os.fsencode(path))


@dataclass(frozen=True)
class SegmentProgress:
    """How far a segmentation has come; `fraction` is 0 to 1."""

    pictures_done: int
    picture_count: int
    fraction: float
    elapsed_ms: float


class Session(_Handle):
    """The memory and the threads in which a model runs. One thread at a time may use it."""

    _struct, _free = _Session, "fcn_session_free"

    def __init__(
        self, model: Model, *, threads: int = 0, largest_batch: int = 1,
        disabled_forms: Iterable[str] = (),
        progress: Callable[[SegmentProgress], bool] | None = None,
    ) -> None:
        """`threads` 0 uses every core. `progress` is told of progress and stops the run, which
        then raises FCNError, by returning False."""
        super().__init__()
        params = _SessionParams()
        _lib.fcn_session_params_init(byref(params), ctypes.sizeof(params))
        params.threads, params.largest_batch = threads, largest_batch
        params.disabled_forms = ",".join(disabled_forms).encode() or None
        self._class_names = model.class_names
        self._raised: BaseException | None = None
        _lib.fcn_session_create(byref(self._pointer), model._live, byref(params))
        if progress is not None:
            # Kept alive by the session, since C calls it.
            self._callback = _SegmentCallback(lambda p, _: self._report(progress, p.contents))
            _lib.fcn_session_set_progress(self._pointer, self._callback, None)

    def _report(self, progress: Callable[[SegmentProgress], bool], p: _SegmentProgress) -> int:
        try:
            state = SegmentProgress(p.pictures_done, p.picture_count, p.fraction, p.elapsed_ms)
            return 0 if progress(state) is not False else 1
        except BaseException as error:  # to be raised again once C has returned
            self._raised = error
            return 1

    def _run(self, function: str, *arguments: Any) -> None:
        try:
            getattr(_lib, function)(self._live, *arguments)
        except FCNError:
            raised, self._raised = self._raised, None
            if raised is not None:
                raise raised from None
            raise

    def segment(self, picture: npt.ArrayLike, order: ChannelOrder = "rgb") -> Labels:
        """The class of every pixel of an array of uint8: height x width (grey), x 3, or x 4."""
        return self.segment_all([picture], order)[0]

    def segment_all(
        self, pictures: Sequence[npt.ArrayLike], order: ChannelOrder = "rgb"
    ) -> list[Labels]:
        """As segment() for several pictures, which may differ in size."""
        views = [_pixels(picture, order) for picture in pictures]
        array = (_Pixels * len(views))(*(view for view, _ in views))
        self._run("fcn_segment", array, len(views))
        return [self.labels(i) for i in range(len(views))]

    def segment_file(self, path: Path_) -> Labels:
        """As segment() for a PNG or JPEG file."""
        self._run("fcn_segment_file", os.fsencode(path))
        return self.labels()

    def segment_encoded(self, data: bytes) -> Labels:
        """As segment() for a PNG or JPEG file that stands in memory."""
        self._run("fcn_segment_encoded", data, len(data))
        return self.labels()

    def __len__(self) -> int:
        """Pictures in the last run, whose results can be asked for."""
        count = c_int32()
        _lib.fcn_result_count(byref(count), self._live)
        return count.value

    def _size(self, index: int) -> tuple[int, int]:
        width, height = c_int32(), c_int32()
        _lib.fcn_result_size(byref(width), byref(height), self._live, index)
        return height.value, width.value

    def _result(self, name: str, shape: tuple[int, ...], dtype: Any, kind: Any, index: int) -> Any:
        array = np.empty(shape, dtype)
        getattr(_lib, name)(_pointer_to(array, kind), array.size, None, self._live, index)
        return array

    def labels(self, index: int = 0) -> Labels:
        """The class of every pixel of picture `index` of the last run: height x width."""
        return self._result("fcn_result_labels", self._size(index), np.uint8, c_uint8, index)

    def scores(self, index: int = 0) -> npt.NDArray[np.float32]:
        """The score of every class at every pixel, before softmax: classes x height x width."""
        shape = (len(self._class_names), *self._size(index))
        return self._result("fcn_result_scores", shape, np.float32, c_float, index)

    def probabilities(self, index: int = 0) -> npt.NDArray[np.float32]:
        """The softmax of the scores."""
        shape = (len(self._class_names), *self._size(index))
        return self._result("fcn_result_probabilities", shape, np.float32, c_float, index)

    def areas(self, index: int = 0) -> dict[str, int]:
        """Pixels of each class, in index order."""
        shape = (len(self._class_names),)
        areas = self._result("fcn_result_areas", shape, np.int64, c_int64, index)
        return dict(zip(self._class_names, areas.tolist()))


@dataclass(frozen=True)
class TrainProgress:
    """How far training has come; the validation figures are None until they are measured."""

    epoch_ended: bool
    epoch: int
    epoch_count: int
    iteration: int
    iteration_count: int
    loss: float
    pixel_accuracy: float
    validation_loss: float | None
    validation_pixel_accuracy: float | None
    validation_mean_iu: float | None
    learning_rate: float
    elapsed_ms: float


class Trainer(_Handle):
    """A training run. Experimental: it may change with any release."""

    _struct, _free = _Trainer, "fcn_trainer_free"
    _choices = {"optimizer": {"sgd": 0, "adamw": 1}, "schedule": {"constant": 0, "poly": 1}}

    def __init__(self, data: Path_, start: Model | None = None, **params: Any) -> None:
        """`data` is a folder as VOC lays it out. Parameters are those of fcn_trainer_params, by
        name; optimizer is "sgd" or "adamw", schedule "constant" or "poly"."""
        super().__init__()
        fields = _TrainerParams()
        _lib.fcn_trainer_params_init(byref(fields), ctypes.sizeof(fields))
        fields.data = os.fsencode(data)
        if start is not None:
            fields.start = ctypes.cast(start._live, c_void_p)
        settable = {name for name, *_ in _TrainerParams._fields_} - {
            "struct_size", "data", "start", "preprocessing"}
        for name, value in params.items():
            if name not in settable:
                raise TypeError(f"there is no parameter {name!r}; there are {sorted(settable)}")
            if name in self._choices:
                value = self._choices[name][value]
            if isinstance(value, (str, os.PathLike)):
                value = os.fsencode(value)
            setattr(fields, name, value)
        _lib.fcn_trainer_create(byref(self._pointer), byref(fields))

    def run(self, progress: Callable[[TrainProgress], bool | None] | None = None) -> None:
        """Trains to the end. `progress` stops it, which raises FCNError, by returning False; a
        further run() goes on from there."""
        raised: list[BaseException] = []

        def report(pointer: Any, _: Any) -> int:
            p = pointer.contents
            values = [getattr(p, name) for name, *_ in _TrainProgress._fields_[1:]]
            values[0] = bool(values[0])
            for i in (7, 8, 9):
                values[i] = None if math.isnan(values[i]) else values[i]
            try:
                return 0 if progress is None or progress(TrainProgress(*values)) is not False else 1
            except BaseException as error:  # to be raised again once C has returned
                raised.append(error)
                return 1

        try:
            _lib.fcn_trainer_run(self._live, _TrainCallback(report), None)
        except FCNError:
            if raised:
                raise raised[0] from None
            raise

    def save(self, path: Path_) -> None:
        """Writes the model as it stands."""
        _lib.fcn_trainer_save(self._live, os.fsencode(path))
