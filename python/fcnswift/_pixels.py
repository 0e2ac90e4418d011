"""Pictures and label maps as the library sees them."""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, byref, c_uint8
from typing import TYPE_CHECKING, Any, Literal, Protocol, Union

import numpy as np
import numpy.typing as npt

from ._native import Handle, ImageHandle, PathLike, PixelsStruct, encoded_path, lib
from ._optional import pillow_module

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

Picture = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]
ChannelOrder = Literal["rgb", "bgr"]


class PillowImage(Protocol):
    """A picture of Pillow's."""

    @property
    def mode(self) -> str: ...
    @property
    def size(self) -> tuple[int, int]: ...
    def convert(self, mode: str) -> Any: ...


class BinaryFile(Protocol):
    """A file object that gives bytes."""

    def read(self) -> bytes: ...


#: The path or the bytes of a PNG, JPEG or TIFF file, or a file object that gives these; an array of uint8, or
#: of floats from 0 to 1, height x width (grey), x 3 or x 4, and what NumPy makes such an array of; an
#: Image; a picture of Pillow's.
PictureLike = Union[
    npt.ArrayLike, PathLike, bytes, bytearray, memoryview, BinaryFile, PillowImage, "ImagePixels"]


class ImagePixels(Handle):
    """A picture of the library's."""

    _struct, _free = ImageHandle, "fcn_image_free"

    @property
    def _pixels(self) -> PixelsStruct:
        """A view of the pixels, which lives as long as this does."""
        pixels = PixelsStruct()
        lib.fcn_image_pixels(byref(pixels), self.live)
        return pixels


def require_several(function: str, pictures: object) -> None:
    """Raises TypeError where `pictures` is one picture, whose rows would be taken for pictures."""
    pillow: Any = sys.modules.get("PIL.Image")
    if is_file(pictures) or isinstance(
        pictures, (str, bytes, bytearray, memoryview, os.PathLike, ImagePixels)
    ) or (
        isinstance(pictures, np.ndarray)
        and (pictures.ndim < 3 or (pictures.ndim == 3 and pictures.shape[2] in (1, 3, 4)))
    ) or (pillow is not None and isinstance(pictures, pillow.Image)):
        raise TypeError(f"{function}() takes several pictures; of one make a list, [picture]")


def require_one(function: str, several: str, picture: object) -> None:
    """Raises TypeError where `picture` is a list of files' names or contents, or of pictures."""
    if isinstance(picture, (list, tuple)) and picture and (
        isinstance(picture[0], (str, bytes, os.PathLike, ImagePixels, np.ndarray))
        and getattr(picture[0], "ndim", 3) == 3
    ):
        raise TypeError(f"{function}() takes one picture; for a list of them there is {several}()")


def is_file(picture: object) -> TypeGuard[BinaryFile]:
    """Whether `picture` is a file object."""
    return hasattr(picture, "read") and not isinstance(picture, os.PathLike)


def file_bytes(file: BinaryFile) -> bytes:
    """What is left to read of a file object."""
    try:
        data: object = file.read()
    except UnicodeDecodeError:
        data = ""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"the picture is a file object that gives {type(data).__name__}, not bytes; open the file "
            'with open(path, "rb")')
    if not len(data):
        raise ValueError(
            "the picture is a file object that has nothing left to read; file.seek(0) goes to its start")
    return bytes(data)


def pixels_of(picture: PictureLike, order: ChannelOrder) -> tuple[PixelsStruct, object]:
    """A view of `picture`, and the object that must live as long as it. `order` is that of an
    array's channels; other pictures know their own."""
    if order not in ("rgb", "bgr"):
        raise ValueError(f"the channel order is {order!r}; it must be 'rgb' or 'bgr'")
    if is_file(picture):
        picture = file_bytes(picture)
    if isinstance(picture, (str, os.PathLike)):
        if isinstance(picture, str) and picture.startswith(("http://", "https://")):
            raise ValueError(
                f"{picture} is an address, not a path; urllib.request.urlopen() makes a file object of "
                "it, which may be a picture")
        picture = ImagePixels.made_by("fcn_image_open", encoded_path(picture))
    elif isinstance(picture, (bytes, bytearray, memoryview)):
        data = bytes(picture)
        if not data:
            raise ValueError(
                f"the picture is {type(picture).__name__} of no bytes; those of a PNG, JPEG or TIFF file "
                "are wanted")
        picture = ImagePixels.made_by("fcn_image_decode", data, len(data))
    if isinstance(picture, ImagePixels):
        return picture._pixels, picture
    if picture is None:
        raise TypeError("the picture is None; some readers return that for a file they cannot read")
    pillow: Any = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(picture, pillow.Image):
        return _view(_array_of_pillow(picture), "rgb")
    return _view(np.asarray(picture), order)


def _bytes_of_floats(array: npt.NDArray[Any]) -> Picture:
    """Values from 0 to 1 as 0 to 255, rounded to the nearest."""
    with np.errstate(invalid="ignore"):
        least, greatest = float(array.min()), float(array.max())
    if not (0 <= least and greatest <= 1):
        found = (
            "has NaN in it" if np.isnan(least) else f"has values from {least:g} to {greatest:g}")
        hint = "; give it as it was before it was normalised: the model's own rule does that"
        if np.isnan(least):
            hint = ""
        elif 0 <= least and greatest <= 255:
            hint = "; of 0 to 255 it is picture.round().astype(numpy.uint8)"
        elif -1 <= least and greatest <= 1:
            hint = "; of -1 to 1 it is (picture + 1) / 2"
        raise ValueError(
            f"the picture is of {array.dtype} and {found}; floats must be from 0 to 1{hint}")
    values = array.astype(np.promote_types(array.dtype, np.float32), copy=False)
    rounded: Picture = np.rint(values * values.dtype.type(255)).astype(np.uint8)
    return rounded


def _view(array: npt.NDArray[Any], order: ChannelOrder) -> tuple[PixelsStruct, Picture]:
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        hint = ""
        if array.dtype.kind in "US":
            hint = "; several files are a list for segment_all()"
        elif array.ndim == 0 and array.dtype != object:
            hint = "; one value is no picture"
        elif array.dtype == np.uint16:
            hint = "; of 16 bits it is (picture // 257).astype(numpy.uint8)"
        elif array.dtype == bool:
            hint = "; a mask is picture.astype(numpy.uint8) * 255"
        elif array.dtype.kind in "iu":
            hint = "; of 0 to 255 it is picture.astype(numpy.uint8)"
        elif array.dtype == object:
            hint = f"; {type(array.flat[0]).__name__ if array.size else 'it'} is no picture"
        raise TypeError(
            f"the picture is of {array.dtype}; it must be uint8, 0 to 255, or float, 0 to 1{hint}")
    shape = array.shape
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in shape:
        hint = ""
        if len(shape) == 4:
            hint = "; several pictures are a list for segment_all()"
        elif len(shape) == 3 and shape[0] in (1, 3, 4):
            hint = "; with channels last it is picture.transpose(1, 2, 0)"
        elif len(shape) == 1:
            hint = "; a PNG, JPEG or TIFF file in memory is to be bytes"
        raise ValueError(
            f"the picture has shape {shape}; it must be height x width, "
            f"x 3 or x 4 where it is not grey, of at least one row and column{hint}")
    if array.dtype.kind == "f":
        array = _bytes_of_floats(array)
    height, width, channels = array.shape
    if max(height, width) > 2**31 - 1:
        raise ValueError(f"the picture has shape {shape}; it must have at most 2^28 pixels")
    # A part of a larger array is handed over as it is; whatever else has gaps is copied.
    rows, columns, samples = array.strides
    stride = width * channels
    if not array.flags.c_contiguous:
        if (channels == 1 or samples == 1) and columns == channels and rows >= stride:
            stride = rows
        else:
            array = array.copy(order="C")
    form = {1: 5, 3: 1, 4: 3}[channels] + (order == "bgr" and channels > 1)
    return PixelsStruct(array.ctypes.data, width, height, stride, form, 0), array


def _array_of_pillow(image: Any) -> npt.NDArray[Any]:
    """The pixels as the library decodes them from the file: upright, colours in place of a
    palette's indices, alpha left aside, 16 bits brought to 8."""
    file_format = image.format
    if image.getexif().get(0x0112, 1) in range(2, 9):
        image = pillow_module("PIL.ImageOps").exif_transpose(image)
    mode = image.mode
    if mode in ("L", "RGB", "RGBA", "RGBX"):
        return np.asarray(image)
    if mode == "1":
        return np.asarray(image.convert("L"))
    if mode in ("LA", "La"):
        return np.asarray(image.convert("LA").getchannel("L"))
    if mode in ("P", "PA", "RGBa"):
        return np.asarray(image.convert("RGBA"))
    # "I", of 32 bits, is what some versions of Pillow make of a PNG file of 16.
    if mode.startswith("I;16") or (mode == "I" and file_format == "PNG"):
        samples = np.asarray(image).astype(np.uint32)
        return ((samples * 255 + 32895) >> 16).astype(np.uint8)
    if mode.startswith(("I", "F")):
        raise TypeError(
            f"the picture has Pillow's mode {mode!r}, which does not say what black and white are; "
            "make it 'L' or 'RGB' first")
    return np.asarray(image.convert("RGB"))


def as_labels(labels: npt.ArrayLike) -> Labels:
    """`labels` without gaps between rows."""
    array = np.asarray(labels)
    if array.dtype != np.uint8 or array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"labels are {array.dtype} of shape {array.shape}; they must be uint8, height x width")
    return np.ascontiguousarray(array)


def labels_on(picture: PixelsStruct, labels: npt.ArrayLike) -> Labels:
    """`labels` without gaps between rows, of the picture's size."""
    array = as_labels(labels)
    if array.shape != (picture.height, picture.width):
        raise ValueError(
            f"labels have shape {array.shape}, the picture {(picture.height, picture.width)}; "
            "they must agree")
    return array


def pointer_to(array: npt.NDArray[Any], kind: Any) -> Any:
    """The first element of `array`, which must be contiguous and outlive the pointer."""
    return array.ctypes.data_as(POINTER(kind))


def array_of(pixels: PixelsStruct) -> Picture:
    """A copy of pixels of the library's."""
    data = ctypes.cast(pixels.data, POINTER(c_uint8))
    return np.ctypeslib.as_array(data, (pixels.height, pixels.width, 3)).copy()
