"""Pictures and label maps as the library sees them."""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, byref, c_uint8
from typing import Any, Literal, Protocol, Union

import numpy as np
import numpy.typing as npt

from ._native import Handle, ImageHandle, PathLike, PixelsStruct, encoded_path, lib

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


#: An array of uint8, height x width (grey), x 3 or x 4; the path or the bytes of a PNG or JPEG
#: file; an Image; a picture of Pillow's.
PictureLike = Union[npt.ArrayLike, PathLike, bytes, bytearray, PillowImage, "ImagePixels"]


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
    if isinstance(pictures, (str, bytes, bytearray, memoryview, os.PathLike, ImagePixels)) or (
        isinstance(pictures, np.ndarray)
        and (pictures.ndim < 3 or (pictures.ndim == 3 and pictures.shape[2] in (1, 3, 4)))
    ) or (pillow is not None and isinstance(pictures, pillow.Image)):
        raise TypeError(f"{function}() takes several pictures; of one make a list, [picture]")


def pixels_of(picture: PictureLike, order: ChannelOrder) -> tuple[PixelsStruct, object]:
    """A view of `picture`, and the object that must live as long as it. `order` is that of an
    array's channels; other pictures know their own."""
    if order not in ("rgb", "bgr"):
        raise ValueError(f"the channel order is {order!r}; it must be 'rgb' or 'bgr'")
    if isinstance(picture, (str, os.PathLike)):
        picture = ImagePixels.made_by("fcn_image_open", encoded_path(picture))
    elif isinstance(picture, (bytes, bytearray, memoryview)):
        data = bytes(picture)
        picture = ImagePixels.made_by("fcn_image_decode", data, len(data))
    if isinstance(picture, ImagePixels):
        return picture._pixels, picture
    if picture is None:
        raise TypeError("the picture is None; some readers return that for a file they cannot read")
    pillow: Any = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(picture, pillow.Image):
        return _view(_array_of_pillow(picture), "rgb")
    return _view(np.asarray(picture), order)


def _view(array: npt.NDArray[Any], order: ChannelOrder) -> tuple[PixelsStruct, Picture]:
    if array.dtype != np.uint8:
        hint = ""
        if array.dtype == np.uint16:
            hint = "; of 16 bits it is (picture // 257).astype(numpy.uint8)"
        elif array.dtype.kind == "f":
            hint = "; of 0 to 1 it is (picture * 255).round().astype(numpy.uint8)"
        elif array.dtype == object:
            hint = f"; {type(array.flat[0]).__name__ if array.size else 'it'} is no picture"
        raise TypeError(f"the picture is of {array.dtype}; it must be uint8, 0 to 255{hint}")
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
            hint = "; a PNG or JPEG file in memory is to be bytes"
        raise ValueError(
            f"the picture has shape {shape}; it must be height x width, "
            f"x 3 or x 4 where it is not grey{hint}")
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
    from PIL import ImageOps

    file_format = image.format
    if image.getexif().get(0x0112, 1) in range(2, 9):
        image = ImageOps.exif_transpose(image)
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
