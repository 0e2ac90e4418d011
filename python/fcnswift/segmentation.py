"""Segmentation of pictures in one call, and its result."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sized
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from ._html import picture_with_legend
from ._native import FCNError, PathLike
from ._optional import pillow_module, progress_bar
from ._pixels import (
    ChannelOrder, Labels, PictureLike, file_bytes, is_file, require_one, require_several)
from ._png import png_bytes
from .image import Image, overlay, save_labels
from .model import Model
from .session import Precision, Session

if TYPE_CHECKING:
    _Base = np.ndarray[Any, np.dtype[np.uint8]]
else:
    _Base = np.ndarray

#: A Model, or the path of its file; None for the default one.
ModelLike = Union[Model, PathLike, None]

#: Notebooks are shown pictures of at most so many pixels a side.
_SHOWN_SIDE = 1024

#: Pictures that are held decoded at a time.
_AT_A_TIME = 8


class Segmentation(_Base):
    """The class of every pixel: an array of uint8, height x width, that knows its classes.

    It is an array wherever one is wanted; what is computed with it, such as `result == 3`, is a plain
    one. A part of it, as `result[:100]` is, keeps the classes and forgets the picture.
    """

    #: A name for each class, in the order of the labels.
    class_names: tuple[str, ...]
    #: A colour for each class: classes x (red, green, blue).
    palette: npt.NDArray[np.uint8]
    _model: Model | None
    _picture: tuple[PictureLike, ChannelOrder] | None

    @classmethod
    def _of(
        cls, labels: Labels, model: Model, picture: PictureLike, order: ChannelOrder
    ) -> Segmentation:
        result = labels.view(cls)
        result.class_names, result.palette = tuple(model.class_names), model.palette
        result._model, result._picture = model, (picture, order)
        return result

    def __array_finalize__(self, origin: Any) -> None:
        self.class_names = getattr(origin, "class_names", ())
        self.palette = getattr(origin, "palette", np.zeros((0, 3), np.uint8))
        self._model, self._picture = None, None

    def __array_wrap__(
        self, array: npt.NDArray[Any], context: Any = None, return_scalar: bool = False
    ) -> Any:
        return array[()] if array.ndim == 0 else array.view(np.ndarray)

    def __reduce__(self) -> Any:
        # The picture stays behind, for it may be far larger, and the model, whose file may be elsewhere.
        return _restored, (np.asarray(self), self.class_names, self.palette)

    def areas(self) -> dict[str, int]:
        """Pixels of each class, in the order of the labels."""
        counts = np.bincount(np.asarray(self).ravel(), minlength=len(self.class_names))
        return dict(zip(self.class_names, counts.tolist()))

    def image(self) -> Any:
        """The labels as a picture of Pillow's, of mode P: its values are the labels, its palette the
        model's colours. Raises ImportError without Pillow."""
        drawn = pillow_module("PIL.Image").fromarray(np.ascontiguousarray(self))
        drawn.putpalette(self.palette.tobytes())
        return drawn

    def overlay(self, opacity: float = 0.5) -> Image:
        """The classes' colours over the picture; `opacity` is theirs, 0 to 1. The picture is looked at
        again: the file must still be there, the array be as it was."""
        if self._model is None or self._picture is None:
            raise ValueError(
                "this result does not know its picture, since it is a part of another or came from "
                "another process; fcnswift.overlay(picture, result, model) draws it")
        picture, order = self._picture
        return overlay(picture, self, self._model, opacity, order)

    def save(self, path: PathLike, *, grey: bool = False) -> None:
        """Writes a PNG file: the labels in the model's colours, with a palette, or, where `grey` is
        true, as greys."""
        if self._model is None and not grey:
            raise ValueError(
                "this result does not know its model, since it is a part of another or came from "
                "another process; fcnswift.save_labels(path, result, model) writes it")
        save_labels(path, self, self._model, grey=grey)

    def _repr_png_(self) -> bytes | None:
        """The overlay where the picture is at hand, else the labels in their colours; of large ones
        every second pixel or fewer."""
        if not self._is_shown:
            return None
        step = -(-max(self.shape) // _SHOWN_SIDE)
        try:
            with self.overlay() as drawn:
                return png_bytes(np.ascontiguousarray(drawn.array[::step, ::step]))
        except (FCNError, ValueError):  # the file is gone, the model closed
            return png_bytes(np.asarray(self)[::step, ::step], self.palette)

    def _repr_html_(self) -> str | None:
        """The same picture above a list of the classes in it."""
        png = self._repr_png_()
        if png is None:
            return None
        colours = dict(zip(self.class_names, self.palette))
        return picture_with_legend(
            png, [(colours[name], name, share) for name, share in self._shares()])

    @property
    def _is_shown(self) -> bool:
        """Whether it is a label map still, and not, say, a row of one."""
        return self.ndim == 2 and self.size > 0 and len(self.class_names) > 0

    def _shares(self) -> list[tuple[str, float]]:
        """The classes that there are and their parts of it, the largest first."""
        shares = [(name, area / self.size) for name, area in self.areas().items() if area]
        return sorted(shares, key=lambda share: -share[1])

    def __repr__(self) -> str:
        if not self._is_shown:
            return repr(np.asarray(self))
        height, width = self.shape
        told = ", ".join(f"{name} {100 * share:.1f} %" for name, share in self._shares()[:3])
        return f"<fcnswift.Segmentation {width} x {height}: {told}>"


def _restored(
    labels: Labels, class_names: tuple[str, ...], palette: npt.NDArray[np.uint8]
) -> Segmentation:
    result = labels.view(Segmentation)
    result.class_names, result.palette = class_names, palette
    return result


def opened(model: ModelLike) -> Model:
    """The model that is meant."""
    if model is None:
        return Model.default()
    if isinstance(model, (str, os.PathLike)):
        return Model.open(model)
    if not isinstance(model, Model):
        raise TypeError(f"model is {model!r}; it must be a Model or the path of its file")
    return model


def segment(
    picture: PictureLike, model: ModelLike = None, *, order: ChannelOrder = "rgb",
    threads: int = 0, precision: Precision = "float32", device: str = "cpu",
) -> Segmentation:
    """The class of every pixel of `picture`, as an array that knows its classes and can be shown.

    `picture` is the path or the bytes of a PNG, JPEG or TIFF file, or a file object that gives these; an
    array of uint8, or of floats from 0 to 1, height x width (grey), x 3 or x 4, whose channels are in
    `order`; an Image; or a picture of Pillow's. `model` is a Model or the path of its file, by default
    the one that came with the library. `threads`, `precision` and `device` are those of Session, of
    which every call makes one: for many pictures there are segment_all() and Session.
    """
    require_one("segment", "segment_all", picture)
    return segment_all(
        [picture], model, order=order, threads=threads, precision=precision, device=device)[0]


def segment_all(
    pictures: Iterable[PictureLike], model: ModelLike = None, *, order: ChannelOrder = "rgb",
    threads: int = 0, precision: Precision = "float32", device: str = "cpu", progress: bool = False,
) -> list[Segmentation]:
    """As segment() for several pictures, which may differ in size and kind. `progress` draws a bar
    with tqdm. A picture that cannot be read raises FCNError; Session does them one by one."""
    require_several("segment_all", pictures)
    results: list[Segmentation] = []
    total = len(pictures) if isinstance(pictures, Sized) else None
    model = opened(model)
    with ExitStack() as stack:
        session = stack.enter_context(
            Session(model, threads=threads, precision=precision, device=device))
        bar = None
        if progress:
            bar = stack.enter_context(progress_bar(total=total, unit=" pictures"))
        remaining = iter(pictures)
        while group := list(islice(remaining, _AT_A_TIME)):
            # A file object can be read once.
            group = [file_bytes(p) if is_file(p) else p for p in group]
            for picture, labels in zip(group, session.segment_all(group, order)):
                results.append(Segmentation._of(labels, model, picture, order))
            if bar is not None:
                bar.update(len(group))
    return results
