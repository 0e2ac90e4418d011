"""Writes TIFFs of many kinds with tifffile, and what they hold, beside this file.

    pip install numpy tifffile imagecodecs
    python3 make_tiffs.py

tiffs.json lists them: the file, the R, G, B that come of it, its size upright, how far values may be off, and
whether it is read row by row; and under "refused" files that are not read, with words of the message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

FOLDER = Path(__file__).parent


def scene(height: int, width: int) -> np.ndarray:
    """Slopes, so that JPEG changes little."""
    y, x = np.mgrid[:height, :width]
    return np.stack([40 + 4 * x, 30 + 5 * y, 200 - 2 * x - y], axis=2).astype(np.uint8)


def encoded_tiles(picture: np.ndarray, side: int) -> Iterator[bytes]:
    """JPEGs of luminance and colour at half the resolution."""
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((0, -height % side), (0, -width % side), (0, 0)), "edge")
    for y in range(0, height, side):
        for x in range(0, width, side):
            yield imagecodecs.jpeg8_encode(
                padded[y:y + side, x:x + side], level=95, colorspace="rgb", outcolorspace="ycbcr",
                subsampling="420")


def main() -> None:
    listed, refused = [], []

    def write(name: str, data: object, **options: object) -> str:
        file = f"{name}.tif"
        tifffile.imwrite(FOLDER / file, data, metadata=None, software=False, **options)
        return file

    def add(name: str, data: object, rgb: np.ndarray, tolerance: int = 0, rows: bool = True,
            **options: object) -> None:
        expected = f"{'x'.join(map(str, rgb.shape[1::-1]))}-{len({item['expected'] for item in listed})}.rgb"
        for item in listed:
            if (FOLDER / item["expected"]).read_bytes() == rgb.tobytes():
                expected = item["expected"]
        (FOLDER / expected).write_bytes(rgb.tobytes())
        listed.append({
            "file": write(name, data, **options), "expected": expected, "width": rgb.shape[1],
            "height": rgb.shape[0], "tolerance": tolerance, "rows": rows})

    def refuse(name: str, words: str, data: np.ndarray, **options: object) -> None:
        refused.append({"file": write(name, data, **options), "words": words})

    small, large = scene(19, 21), scene(37, 40)
    greys = small[..., 0]
    grey = np.repeat(greys[..., None], 3, axis=2)
    planes = np.moveaxis(small, 2, 0)
    add("strips", small, small, photometric="rgb", rowsperstrip=5)
    add("one-strip-big-endian", small, small, photometric="rgb", byteorder=">")
    add("lzw-alpha", np.dstack([small, 255 - greys]), small, photometric="rgb",
        compression="lzw", predictor=True, extrasamples=["unassalpha"])
    add("five-samples", np.dstack([small, greys, greys]), small, photometric="rgb",
        compression="zlib", extrasamples=["unspecified"] * 2)
    add("grey-deflate", greys, grey, photometric="minisblack", compression="zlib")
    add("grey-packbits-inverted", 255 - greys, grey, photometric="miniswhite",
        compression="packbits", rowsperstrip=7)
    add("planes", planes, small, photometric="rgb", planarconfig="separate", rowsperstrip=4)
    add("planes-one-strip", planes, small, photometric="rgb", planarconfig="separate",
        compression="zlib")
    add("zstd", small, small, photometric="rgb", compression="zstd", rowsperstrip=8)
    add("tiles", large, large, photometric="rgb", tile=(16, 16))
    add("tiles-lzw", large, large, photometric="rgb", tile=(16, 32), compression="lzw")
    add("tiles-planes", np.moveaxis(large, 2, 0), large, photometric="rgb",
        planarconfig="separate", tile=(32, 16), compression="zlib")
    add("tiles-big", large, large, photometric="rgb", tile=(16, 16), bigtiff=True)
    add("tiles-jpeg", encoded_tiles(large, 16), large, tolerance=24, photometric="ycbcr",
        subsampling=(2, 2), tile=(16, 16), compression="jpeg", shape=large.shape, dtype=np.uint8)
    add("strips-jpeg-rgb", large, large, tolerance=8, photometric="rgb", compression="jpeg",
        compressionargs={"level": 95}, rowsperstrip=16)
    colours = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16)
    add("palette", greys, colours.T[greys].astype(np.uint8), photometric="palette",
        colormap=colours << 8 | colours)
    add("turned", small, np.rot90(small, -1), rows=False, photometric="rgb",
        extratags=[(274, "H", 1, 6, True)])
    refuse("bits-16", "16 bits", small.astype(np.uint16) * 257, photometric="rgb")
    refuse("floats", "32 bits", small.astype(np.float32) / 255, photometric="rgb")
    refuse("signed", "signed", greys.astype(np.int8), photometric="minisblack")
    refuse("cmyk", "kind 5", np.dstack([small, greys]), photometric="separated")
    refuse("webp", "compression", large, photometric="rgb", compression="webp")
    refuse("small-copy", "small copy", small, photometric="rgb", subfiletype=1)
    (FOLDER / "tiffs.json").write_text(
        json.dumps({"pictures": listed, "refused": refused}, indent=1) + "\n")


if __name__ == "__main__":
    main()
