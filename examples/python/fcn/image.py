"""Pictures: arrays as the library sees them, files, and drawings of results."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, byref, c_uint8
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ._native import Handle, ImageHandle, PathLike, PixelsStruct, lib
from .model import Model

Picture = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]
ChannelOrder = Literal["rgb", "bgr"]


def pixels_of(picture: npt.ArrayLike, order: ChannelOrder) -> tuple[PixelsStruct, Picture]:
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
    rows, columns, samples = array.strides
    is_dense = (channels == 1 or samples == 1) and columns == channels and rows >= width * channels
    if not is_dense:
        array = np.ascontiguousarray(array)
    form = {1: 5, 3: 1, 4: 3}[channels] + (order == "bgr" and channels > 1)
    return PixelsStruct(array.ctypes.data, width, height, array.strides[0], form, 0), array


def as_labels(labels: npt.ArrayLike) -> Labels:
    """`labels` without gaps between rows."""
    array = np.ascontiguousarray(labels)
    if array.dtype != np.uint8 or array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"labels are {array.dtype}{array.shape}; they must be uint8, height x width")
    return array


def labels_on(picture: PixelsStruct, labels: npt.ArrayLike) -> Labels:
    """`labels` without gaps between rows, of the picture's size."""
    array = as_labels(labels)
    if array.shape != (picture.height, picture.width):
        raise ValueError(
            f"labels are {array.shape}, the picture is {(picture.height, picture.width)}; "
            "they must agree")
    return array


def pointer_to(array: np.ndarray[Any, Any], kind: Any) -> Any:
    """The first element of `array`, which must be contiguous and outlive the pointer."""
    return array.ctypes.data_as(POINTER(kind))


class Image(Handle):
    """A picture of the library's: decoded from a file, or drawn by it."""

    _struct, _free = ImageHandle, "fcn_image_free"

    def __init__(self, path: PathLike) -> None:
        """Decodes the PNG or JPEG file at `path`."""
        super().__init__()
        lib.fcn_image_open(byref(self.pointer), os.fsencode(path))

    @classmethod
    def decode(cls, data: bytes) -> Image:
        """Decodes a PNG or JPEG file that stands in memory."""
        return cls.made_by("fcn_image_decode", data, len(data))

    @classmethod
    def from_array(cls, picture: npt.ArrayLike, order: ChannelOrder = "rgb") -> Image:
        """Copies an array of uint8: height x width, or x 3, or x 4."""
        pixels, _keep = pixels_of(picture, order)
        return cls.made_by("fcn_image_copy", byref(pixels))

    @property
    def array(self) -> Picture:
        """A copy of the pixels: height x width x (red, green, blue)."""
        pixels = PixelsStruct()
        lib.fcn_image_pixels(byref(pixels), self.live)
        data = ctypes.cast(pixels.data, POINTER(c_uint8))
        return np.ctypeslib.as_array(data, (pixels.height, pixels.width, 3)).copy()

    def save(self, path: PathLike) -> None:
        """Writes a PNG file."""
        lib.fcn_image_save(self.live, os.fsencode(path))


def overlay(
    picture: npt.ArrayLike, labels: npt.ArrayLike, model: Model, opacity: float = 0.5,
    order: ChannelOrder = "rgb",
) -> Image:
    """Draws the classes' colours over the picture."""
    pixels, _keep = pixels_of(picture, order)
    map_ = labels_on(pixels, labels)
    return Image.made_by(
        "fcn_overlay", byref(pixels), pointer_to(map_, c_uint8), map_.size, model.live, opacity)


def sheet(
    picture: npt.ArrayLike, labels: npt.ArrayLike, model: Model,
    truth: npt.ArrayLike | None = None, caption: str = "", order: ChannelOrder = "rgb",
) -> Image:
    """Draws the picture beside labels and truth, or overlay and labels, with a legend."""
    pixels, _keep = pixels_of(picture, order)
    map_ = labels_on(pixels, labels)
    true_map = None if truth is None else labels_on(pixels, truth)
    return Image.made_by(
        "fcn_sheet", byref(pixels), pointer_to(map_, c_uint8),
        None if true_map is None else pointer_to(true_map, c_uint8), map_.size, model.live,
        caption.encode())


def save_labels(
    path: PathLike, labels: npt.ArrayLike, model: Model | None = None, *, grey: bool = False,
) -> None:
    """Writes a palette PNG of the labels in the model's colours, or VOC's; or, where `grey` is
    true, a greyscale PNG whose greys are the labels."""
    map_ = as_labels(labels)
    height, width = map_.shape
    if grey:
        lib.fcn_labels_save_grey(pointer_to(map_, c_uint8), width, height, os.fsencode(path))
        return
    lib.fcn_labels_save(
        pointer_to(map_, c_uint8), width, height, None if model is None else model.live,
        os.fsencode(path))
