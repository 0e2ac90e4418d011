"""include/fcn.h restated for ctypes: structs, functions and their types, statuses as exceptions."""

from __future__ import annotations

import ctypes
import operator
import os
import reprlib
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t
from ctypes import c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, TypeVar, Union

PathLike = Union[str, "os.PathLike[str]"]

#: The FCN_ABI_VERSION of the header that is restated here.
ABI_VERSION = 1

STATUS_NAMES = {
    -1: "INVALID_ARGUMENT", -2: "NOT_FOUND", -3: "INPUT_OUTPUT", -4: "UNSUPPORTED",
    -5: "CORRUPT", -6: "SHAPE_MISMATCH", -7: "OUT_OF_MEMORY", -8: "ABORTED", -9: "NOT_FINITE",
    -10: "BUFFER_TOO_SMALL", -11: "INVALID_STATE", -12: "INTERNAL",
    -13: "UNAVAILABLE", -14: "DEVICE",
}


class FCNError(Exception):
    """A call that failed: `status` is its code, `name` the code's name without `FCN_E_`."""

    status: int
    name: str

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = STATUS_NAMES.get(status, str(status))

    def __reduce__(self) -> tuple[Any, ...]:
        # As multiprocessing sends it from a worker; Exception's own way has the message alone.
        return type(self), (self.status, *self.args)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {str(self)!r})"


def encoded_path(path: PathLike) -> bytes:
    """`path` for C."""
    data = os.fsencode(path)
    if b"\0" in data:
        hint = "; contents of files are for from_bytes and decode" if len(data) > 4096 else ""
        raise ValueError(f"there is a NUL in the path {reprlib.repr(path)}{hint}")
    return data


def encoded_text(name: str, text: str) -> bytes:
    """The text `text`, given as `name`, for C."""
    if not isinstance(text, str):
        raise TypeError(f"{name} is {reprlib.repr(text)}; it must be a str")
    data = text.encode()
    if b"\0" in data:
        raise ValueError(f"there is a NUL in {name}, {reprlib.repr(text)}")
    return data


def file_contents(name: str, data: Any) -> bytes:
    """The bytes `data`, given as `name`, of a file in memory."""
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(
            f"{name} is {reprlib.repr(data)}; it must be bytes, as open(path, 'rb').read() gives") from None


def whole_number(name: str, value: Any, bits: int = 32, signed: bool = True) -> int:
    """The integer `value`, given as `name`, which C's type must hold."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; it must be an int") from None
    least, greatest = (-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not least <= number <= greatest:
        raise ValueError(f"{name} is {number}; it must be from {least} to {greatest}")
    return number


class PixelsStruct(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p), ("width", c_int32), ("height", c_int32), ("row_stride", c_size_t),
        ("format", c_int32), ("reserved", c_int32),
    ]


class ModelInfoStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("class_count", c_int32), ("class_names", POINTER(c_char_p)),
        ("palette", POINTER(c_uint8)), ("architecture", c_char_p), ("note", c_char_p),
        ("parameter_count", c_int64), ("width", c_float), ("batch_norm", c_int32),
        ("calibrated", c_int32), ("reserved", c_int32),
    ]


class PreprocessingStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("size_rule", c_int32), ("size_width", c_int32),
        ("size_height", c_int32), ("channel_order", c_int32), ("mean", c_float * 3),
        ("scale", c_float * 3), ("reserved", c_int32),
    ]


class ImportParamsStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("class_count", c_int32), ("architecture", c_char_p),
        ("class_names", POINTER(c_char_p)), ("preprocessing", POINTER(PreprocessingStruct)),
        ("note", c_char_p), ("renames", POINTER(c_char_p)), ("rename_count", c_int32),
        ("longest_list", c_int32), ("graph_output", c_char_p),
    ]


class ImportInfoStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("left_out_count", c_int32), ("left_out", POINTER(c_char_p)),
        ("filled_in", POINTER(c_char_p)), ("filled_in_count", c_int32),
        ("preprocessing_assumed", c_int32), ("normalised_range", c_float),
    ]


class SessionParamsStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("largest_batch", c_int32),
        ("precision", c_int32), ("disabled_forms", c_char_p), ("allocator", c_void_p),
        ("backend", c_int32), ("device", c_int32), ("largest_picture", c_uint64),
        ("largest_memory", c_uint64),
    ]


class SegmentProgressStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("pictures_done", c_int32), ("picture_count", c_int32),
        ("fraction", c_float), ("elapsed_ms", c_double),
    ]


class TrainerParamsStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("data", c_char_p),
        ("train_split", c_char_p), ("validation_split", c_char_p), ("output", c_char_p),
        ("resume", c_int32), ("keep_every_epoch", c_int32), ("half_precision", c_int32),
        ("evaluation_interval", c_int32), ("start", c_void_p), ("architecture", c_char_p),
        ("preprocessing", c_void_p), ("weights", c_char_p), ("width", c_float),
        ("batch_norm", c_int32), ("epochs", c_int32), ("batch_size", c_int32),
        ("optimizer", c_int32), ("learning_rate", c_float), ("momentum", c_float),
        ("weight_decay", c_float), ("bias_rate", c_float), ("bias_decay", c_float),
        ("clip_norm", c_float), ("schedule", c_int32), ("schedule_power", c_float),
        ("schedule_epochs", c_int32), ("schedule_factor", c_float), ("warm_up", c_int32),
        ("loss", c_int32), ("class_weights", c_int32), ("crop_width", c_int32),
        ("crop_height", c_int32), ("scale_least", c_float), ("scale_greatest", c_float),
        ("flip", c_int32), ("brightness", c_float), ("contrast", c_float), ("reserved", c_int32),
        ("seed", c_uint64), ("backend", c_int32), ("device", c_int32), ("precision", c_int32),
        ("binary_masks", c_int32), ("patience", c_int32), ("extend", c_int32),
        ("time_limit", c_double), ("recipe", c_char_p), ("layer_rates", c_char_p),
        ("class_weight_values", POINTER(c_float)), ("iterations", c_int64),
        ("class_weight_count", c_int32), ("accumulation", c_int32), ("graph", c_char_p),
    ]


class TrainProgressStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("event", c_int32), ("epoch", c_int32),
        ("epoch_count", c_int32), ("step", c_int32), ("step_count", c_int32),
        ("iteration", c_int64), ("iteration_count", c_int64), ("loss", c_float),
        ("pixel_accuracy", c_float), ("validation_loss", c_float),
        ("validation_pixel_accuracy", c_float), ("validation_mean_iu", c_float),
        ("learning_rate", c_float), ("elapsed_ms", c_double),
    ]


class ModelHandle(ctypes.Structure):
    pass


class SessionHandle(ctypes.Structure):
    pass


class ImageHandle(ctypes.Structure):
    pass


class TrainerHandle(ctypes.Structure):
    pass


SegmentCallback = CFUNCTYPE(c_int32, POINTER(SegmentProgressStruct), c_void_p)
TrainCallback = CFUNCTYPE(c_int32, POINTER(TrainProgressStruct), c_void_p)

ReadRowsCallback = CFUNCTYPE(c_int32, c_int32, c_int32, c_void_p, c_void_p)
WriteRowsCallback = CFUNCTYPE(c_int32, c_int32, c_int32, POINTER(c_uint8), c_void_p)


class StreamStruct(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("format", c_int32), ("width", c_int32), ("height", c_int32),
        ("tile_side", c_int32), ("reserved", c_int32), ("memory_limit", c_uint64),
        ("read_rows", ReadRowsCallback), ("write_rows", WriteRowsCallback),
        ("user_data", c_void_p),
    ]


_U8, _F32, _I64, _Size = POINTER(c_uint8), POINTER(c_float), POINTER(c_int64), POINTER(c_size_t)
_Image, _Model, _Pixels = POINTER(ImageHandle), POINTER(ModelHandle), POINTER(PixelsStruct)
_Session, _Trainer = POINTER(SessionHandle), POINTER(TrainerHandle)

#: Parameters of every function that returns a status.
_STATUS_FUNCTIONS: dict[str, list[Any]] = {
    "fcn_image_open": [POINTER(_Image), c_char_p],
    "fcn_image_decode": [POINTER(_Image), c_char_p, c_size_t],
    "fcn_image_copy": [POINTER(_Image), _Pixels],
    "fcn_image_pixels": [_Pixels, _Image],
    "fcn_image_save": [_Image, c_char_p],
    "fcn_model_open": [POINTER(_Model), c_char_p],
    "fcn_model_open_default": [POINTER(_Model)],
    "fcn_model_open_memory": [POINTER(_Model), c_char_p, c_size_t],
    "fcn_model_get_info": [POINTER(ModelInfoStruct), _Model],
    "fcn_model_check": [_Model],
    "fcn_model_get_graph": [POINTER(c_char_p), _Model],
    "fcn_preprocessing_named": [POINTER(PreprocessingStruct), c_char_p],
    "fcn_model_get_import_info": [POINTER(ImportInfoStruct), _Model],
    "fcn_model_get_preprocessing": [POINTER(PreprocessingStruct), _Model],
    "fcn_import_params_init": [POINTER(ImportParamsStruct), c_uint32],
    "fcn_model_import": [POINTER(_Model), c_char_p, POINTER(ImportParamsStruct)],
    "fcn_model_save": [_Model, c_char_p, c_int32],
    "fcn_session_params_init": [POINTER(SessionParamsStruct), c_uint32],
    "fcn_session_create": [POINTER(_Session), _Model, POINTER(SessionParamsStruct)],
    "fcn_session_set_progress": [_Session, SegmentCallback, c_void_p],
    "fcn_model_calibrate": [
        POINTER(_Model), _Model, _Pixels, c_int32, c_int32, SegmentCallback, c_void_p],
    "fcn_segment": [_Session, _Pixels, c_int32],
    "fcn_segment_encoded": [_Session, c_char_p, c_size_t],
    "fcn_segment_file": [_Session, c_char_p],
    "fcn_segment_stream": [_Session, POINTER(StreamStruct)],
    "fcn_result_count": [POINTER(c_int32), _Session],
    "fcn_result_size": [POINTER(c_int32), POINTER(c_int32), _Session, c_int32],
    "fcn_result_labels": [_U8, c_size_t, _Size, _Session, c_int32],
    "fcn_result_scores": [_F32, c_size_t, _Size, _Session, c_int32],
    "fcn_result_probabilities": [_F32, c_size_t, _Size, _Session, c_int32],
    "fcn_result_areas": [_I64, c_size_t, _Size, _Session, c_int32],
    "fcn_labels_save": [_U8, c_int32, c_int32, _Model, c_char_p],
    "fcn_labels_save_grey": [_U8, c_int32, c_int32, c_char_p],
    "fcn_overlay": [POINTER(_Image), _Pixels, _U8, c_size_t, _Model, c_float],
    "fcn_sheet": [POINTER(_Image), _Pixels, _U8, _U8, c_size_t, _Model, c_char_p],
    "fcn_trainer_params_init": [POINTER(TrainerParamsStruct), c_uint32],
    "fcn_trainer_params_named": [POINTER(TrainerParamsStruct), c_uint32, c_char_p],
    "fcn_trainer_create": [POINTER(_Trainer), POINTER(TrainerParamsStruct)],
    "fcn_trainer_run": [_Trainer, TrainCallback, c_void_p],
}

#: Result and parameters of the others.
_OTHER_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "fcn_version": (c_char_p, []),
    "fcn_abi_version": (c_int32, []),
    "fcn_about": (c_char_p, [c_int32]),
    "fcn_last_error_message": (c_char_p, []),
    "fcn_image_free": (None, [_Image]),
    "fcn_model_free": (None, [_Model]),
    "fcn_session_free": (None, [_Session]),
    "fcn_trainer_free": (None, [_Trainer]),
}


def find(name: str) -> str | None:
    """The file that belongs to this module: "lib/libfcn.so.1" or "bin/fcn"."""
    folders = list(Path(__file__).resolve().parents)
    # A wheel has them in the package itself. In the repository that is python/fcnswift; `make install`
    # puts it into share/fcn/python of the prefix, whose files a repository in its src must not take.
    for place in folders[:1] + [f / "build" for f in folders[2:3]] + folders[4:5]:
        if (place / name).exists():
            return str(place / name)
    return None


def _load() -> ctypes.CDLL:
    path = os.environ.get("FCN_LIBRARY") or find("lib/libfcn.so.1") or "libfcn.so.1"
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        advice = (
            "FCN_LIBRARY names it" if path == os.environ.get("FCN_LIBRARY")
            else "install the wheel, or build libfcn with make, or name it in FCN_LIBRARY")
        raise ImportError(f"{error}; {advice}") from error
    for name, (result, parameters) in _OTHER_FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    if library.fcn_abi_version() != ABI_VERSION:
        raise ImportError(
            f"{path} has ABI version {library.fcn_abi_version()}; this module needs {ABI_VERSION}")

    def check(status: int, *_: Any) -> int:
        if status != 0:
            message = library.fcn_last_error_message().decode()
            # What C has a constant for is a keyword here.
            raise FCNError(status, message.replace("(FCN_BACKEND_CPU)", '(device="cpu")'))
        return status

    for name, parameters in _STATUS_FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes, function.errcheck = c_int32, parameters, check
    return library


lib = _load()


def version() -> str:
    """The library's version, "0.1.0" for one."""
    return str(lib.fcn_version().decode())


def about() -> dict[str, str]:
    """What the library was built from and runs on, for a bug report."""
    topics = {"build": 1, "cpu": 2, "blas": 3, "architectures": 4}
    return {name: lib.fcn_about(topic).decode() for name, topic in topics.items()}


_Self = TypeVar("_Self", bound="Handle")


class Handle:
    """An object of the library, freed by close(), at the end of a `with`, or when unused."""

    _struct: type[ctypes.Structure]
    _free: str
    #: What to do in place of pickling it.
    _in_other_processes = "each process makes its own"

    def __init__(self) -> None:
        self.pointer = POINTER(self._struct)()

    @classmethod
    def made_by(cls: type[_Self], function: str, *arguments: Any) -> _Self:
        """What the library's `function` hands out through its first parameter."""
        handle = cls.__new__(cls)
        Handle.__init__(handle)
        getattr(lib, function)(ctypes.byref(handle.pointer), *arguments)
        return handle

    @property
    def live(self) -> Any:
        """The pointer, for calls; raises ValueError once the object is closed."""
        if not self.pointer:
            raise ValueError(f"the {type(self).__name__} is closed")
        return self.pointer

    def close(self) -> None:
        """Frees the object; further calls on it raise ValueError. Closing twice is allowed."""
        pointer, self.pointer = self.pointer, POINTER(self._struct)()
        if pointer:
            getattr(lib, self._free)(pointer)

    def _about(self) -> str:
        """What follows the type's name where the object is shown, while it is open."""
        return ""

    def __repr__(self) -> str:
        name = f"{type(self).__module__.partition('.')[0]}.{type(self).__name__}"
        return f"<{name}{self._about()}>" if getattr(self, "pointer", None) else f"<{name}, closed>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(
            f"a {type(self).__name__} can be neither pickled nor copied: it holds memory and threads "
            f"of its process; {self._in_other_processes}")

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self.close()
