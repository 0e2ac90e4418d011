"""PNG files in memory, for what notebooks show."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_bytes(pixels: npt.NDArray[Any], palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    """A PNG file of `pixels`, uint8: height x width x 3, or, with a `palette` of 256 colours at most,
    height x width of its indices."""
    height, width = pixels.shape[:2]
    samples = 1 if palette is not None else 3
    rows = np.zeros((height, 1 + samples * width), np.uint8)  # each begins with its filter, none
    rows[:, 1:] = pixels.reshape(height, samples * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if palette is None else 3, 0, 0, 0)
    colours = b"" if palette is None else _chunk(b"PLTE", palette.tobytes())
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + colours
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + _chunk(b"IEND", b""))
