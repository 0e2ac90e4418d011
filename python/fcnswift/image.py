"""Pictures from files, and drawings of results."""

from __future__ import annotations

import os
from ctypes import byref, c_uint8
from typing import Any

import numpy as np
import numpy.typing as npt

from ._native import PathLike, encoded_path, encoded_text, file_contents, lib
from ._optional import pillow_module
from ._pixels import (
    ChannelOrder, ImagePixels, Picture, PictureLike, array_of, as_labels, labels_on, pixels_of,
    pointer_to)
from ._png import png_bytes
from .model import Model


#: Ends of the names of pictures that are no PNG files.
_OTHER_KINDS = (b".jpg", b".jpeg", b".tif", b".tiff", b".bmp", b".gif", b".webp")


def _png_path(path: PathLike) -> bytes:
    """`path` for C, of a PNG file that is to be written."""
    name = encoded_path(path)
    if name.lower().endswith(_OTHER_KINDS):
        raise ValueError(
            f"the path is {os.fspath(path)!r}, but pictures and labels are written as PNG, which keeps "
            "every value exactly; end the name with .png")
    return name


class Image(ImagePixels):
    """A picture of the library's: decoded from a file, or drawn by it. 8-bit RGB, unchanging. An
    array wherever NumPy wants one, and shown by notebooks."""

    def __init__(self, path: PathLike) -> None:
        """Decodes the PNG, JPEG or TIFF file at `path`."""
        super().__init__()
        lib.fcn_image_open(byref(self.pointer), encoded_path(path))

    @classmethod
    def decode(cls, data: bytes) -> Image:
        """Decodes a PNG, JPEG or TIFF file that stands in memory."""
        data = file_contents("data", data)
        return cls.made_by("fcn_image_decode", data, len(data))

    @classmethod
    def from_array(cls, picture: PictureLike, order: ChannelOrder = "rgb") -> Image:
        """Copies an array of uint8, height x width, or x 3, or x 4, or another picture."""
        pixels, _keep = pixels_of(picture, order)
        return cls.made_by("fcn_image_copy", byref(pixels))

    @property
    def width(self) -> int:
        """Columns."""
        return int(self._pixels.width)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self._pixels.height)

    @property
    def array(self) -> Picture:
        """A copy of the pixels: height x width x (red, green, blue)."""
        return array_of(self._pixels)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("an Image's pixels are copied into an array: copy=False cannot be")
        return self.array if dtype is None else self.array.astype(dtype, copy=False)

    def save(self, path: PathLike) -> None:
        """Writes a PNG file."""
        lib.fcn_image_save(self.live, _png_path(path))

    def _repr_png_(self) -> bytes:
        """A PNG file, which notebooks show."""
        return png_bytes(self.array)

    def __reduce__(self) -> Any:
        return type(self).from_array, (self.array,)

    def pillow(self) -> Any:
        """A copy as a picture of Pillow's, of mode RGB. Raises ImportError without Pillow."""
        return pillow_module("PIL.Image").fromarray(self.array)

    def _about(self) -> str:
        return f" {self.width} x {self.height}"


def overlay(
    picture: PictureLike, labels: npt.ArrayLike, model: Model, opacity: float = 0.5,
    order: ChannelOrder = "rgb",
) -> Image:
    """Draws the classes' colours over the picture; `opacity` is theirs, 0 to 1."""
    pixels, _keep = pixels_of(picture, order)
    map_ = labels_on(pixels, labels)
    return Image.made_by(
        "fcn_overlay", byref(pixels), pointer_to(map_, c_uint8), map_.size, model.live, opacity)


def sheet(
    picture: PictureLike, labels: npt.ArrayLike, model: Model,
    truth: npt.ArrayLike | None = None, caption: str = "", order: ChannelOrder = "rgb",
) -> Image:
    """Draws the picture beside labels and truth, or overlay and labels, with a legend."""
    pixels, _keep = pixels_of(picture, order)
    map_ = labels_on(pixels, labels)
    true_map = None if truth is None else labels_on(pixels, truth)
    return Image.made_by(
        "fcn_sheet", byref(pixels), pointer_to(map_, c_uint8),
        None if true_map is None else pointer_to(true_map, c_uint8), map_.size, model.live,
        encoded_text("caption", caption))


def save_labels(
    path: PathLike, labels: npt.ArrayLike, model: Model | None = None, *, grey: bool = False,
) -> None:
    """Writes a palette PNG of the labels in the model's colours, or VOC's; or, where `grey` is
    true, a greyscale PNG whose greys are the labels."""
    map_ = as_labels(labels)
    height, width = map_.shape
    if grey:
        lib.fcn_labels_save_grey(pointer_to(map_, c_uint8), width, height, _png_path(path))
        return
    lib.fcn_labels_save(
        pointer_to(map_, c_uint8), width, height, None if model is None else model.live,
        _png_path(path))
