#!/usr/bin/env python3
"""Makes the small pictures beside it, and what they must decode to.

    pip install pillow && python3 make_pictures.py

PNGs are put together by hand, since Pillow does not write every kind; what they must decode to is
computed from the samples that go in. JPEGs, and the results of resizing, are Pillow's.
Each NAME.png or NAME.jpg has NAME.rgb (R, G, B bytes) or NAME.labels (indices) beside it; pictures.json
lists sizes and how far apart values may be.
"""

import io
import json
import pathlib
import struct
import zlib

from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 13, 9
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]

entries = {"pictures": [], "labels": [], "resized": [], "nearest": []}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(samples, bits):
    """One row's samples as bytes."""
    if bits == 16:
        return b"".join(struct.pack(">H", s) for s in samples)
    value = 0
    for s in samples:
        value = value << bits | s
    spare = -len(samples) * bits % 8
    return (value << spare).to_bytes((len(samples) * bits + spare) // 8, "big")


def png(kind, bits, pixels, width=WIDTH, height=HEIGHT, palette=None, transparency=None, interlaced=False):
    """A PNG of `pixels[y][x]`, tuples of samples."""
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    raw = b""
    for x0, y0, dx, dy in passes:
        for y in range(y0, height, dy):
            row = [s for x in range(x0, width, dx) for s in pixels[y][x]]
            if row:
                raw += b"\0" + packed(row, bits)
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, int(interlaced))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if palette:
        data += chunk(b"PLTE", bytes(v for colour in palette for v in colour))
    if transparency:
        data += chunk(b"tRNS", transparency)
    return data + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def grid(kind, bits, colours=None):
    """Samples that cover the range, with both ends in it."""
    top = (colours or 1 << bits) - 1
    count = SAMPLES[kind]
    values = lambda x, y: tuple(
        (x * 7919 + y * 104729 + c * 1299709 + x * y * 31) % (top + 1) for c in range(count))
    pixels = [[values(x, y) for x in range(WIDTH)] for y in range(HEIGHT)]
    pixels[0][0], pixels[-1][-1] = (0,) * count, (top,) * count
    return pixels


def shown(kind, bits, pixel, palette):
    """A pixel as 8-bit RGB, alpha dropped."""
    if kind == PALETTE:
        return palette[pixel[0]]
    top = (1 << bits) - 1
    levels = [(2 * 255 * s + top) // (2 * top) for s in pixel]
    return tuple(levels[:1] * 3 if kind in (GREY, GREY_ALPHA) else levels[:3])


def keep(name, data, suffix, group, values, width=WIDTH, height=HEIGHT, tolerance=0):
    extension = "png" if data.startswith(b"\x89") else "jpg"
    (HERE / f"{name}.{extension}").write_bytes(data)
    (HERE / f"{name}.{suffix}").write_bytes(bytes(values))
    entries[group].append(
        {"file": f"{name}.{extension}", "expected": f"{name}.{suffix}", "width": width, "height": height,
         "tolerance": tolerance})


def voc(index):
    colour = [0, 0, 0]
    for k in range(8):
        colour[k % 3] |= (index >> k & 1) << (7 - k // 3)
    return tuple(colour)


def make_pngs():
    names = {GREY: "grey", RGB: "rgb", PALETTE: "palette", GREY_ALPHA: "grey-alpha", RGBA: "rgba"}
    depths = {GREY: [1, 2, 4, 8, 16], RGB: [8, 16], PALETTE: [1, 2, 4, 8], GREY_ALPHA: [8, 16], RGBA: [8, 16]}
    for kind, name in names.items():
        for bits in depths[kind]:
            for interlaced in (False, True):
                if interlaced and bits not in (1, 8):
                    continue
                colours = min(1 << bits, 40) if kind == PALETTE else None
                palette = [((i * 37) % 256, (i * 91 + 5) % 256, (255 - i * 3) % 256)
                           for i in range(colours or 0)]
                pixels = grid(kind, bits, colours)
                data = png(kind, bits, pixels, palette=palette, interlaced=interlaced)
                rgb = [v for row in pixels for p in row for v in shown(kind, bits, p, palette)]
                keep(f"{name}-{bits}{'-interlaced' if interlaced else ''}", data, "rgb", "pictures", rgb)
    for kind, bits, transparency in [(GREY, 4, b"\0\7"), (RGB, 8, b"\0\7\0\7\0\7"),
                                     (PALETTE, 8, bytes(range(0, 200, 5)))]:
        palette = [(i, 255 - i, i * 6 % 256) for i in range(40)] if kind == PALETTE else None
        pixels = grid(kind, bits, 40 if palette else None)
        data = png(kind, bits, pixels, palette=palette, transparency=transparency)
        rgb = [v for row in pixels for p in row for v in shown(kind, bits, p, palette)]
        keep(f"{names[kind]}-{bits}-transparency", data, "rgb", "pictures", rgb)


def make_labels():
    def keep_labels(name, data, pixels):
        keep(f"labels-{name}", data, "labels", "labels", [p[0] for row in pixels for p in row])

    for bits in (1, 2, 4, 8):
        pixels = grid(PALETTE, bits)
        # Not VOC's colours: the indices count.
        palette = [(255 - i, i * 5 % 256, i * 11 % 256) for i in range(1 << bits)]
        keep_labels(f"palette-{bits}", png(PALETTE, bits, pixels, palette=palette), pixels)
        keep_labels(f"grey-{bits}", png(GREY, bits, pixels), pixels)
    pixels = grid(PALETTE, 4)
    palette = [(i, i, i) for i in range(16)]
    keep_labels("palette-interlaced", png(PALETTE, 4, pixels, palette=palette, interlaced=True), pixels)
    keep_labels("palette-transparency", png(PALETTE, 4, pixels, palette=palette, transparency=b"\0"), pixels)
    keep_labels("grey-alpha-8", png(GREY_ALPHA, 8, [[(p[0], 255) for p in row] for row in pixels]), pixels)
    pixels = grid(PALETTE, 8)
    keep_labels("rgb", png(RGB, 8, [[voc(p[0]) for p in row] for row in pixels]), pixels)
    keep_labels("rgba", png(RGBA, 8, [[voc(p[0]) + (255,) for p in row] for row in pixels]), pixels)


def photo(width, height):
    """Something smooth with an edge in it and no symmetry."""
    picture = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            edge = 90 if 3 * x > 2 * y + width else 0
            picture.putpixel(
                (x, y), (255 * x // width, 200 * y // height + edge // 2, 40 + edge + 5 * (x % 4)))
    return picture


def make_jpegs():
    def encoded(picture, **options):
        data = io.BytesIO()
        picture.save(data, "JPEG", **options)
        return data.getvalue()

    def keep_jpeg(name, data, upright=False):
        picture = Image.open(io.BytesIO(data))
        if upright:
            picture = ImageOps.exif_transpose(picture)
        picture = picture.convert("RGB")
        keep(name, data, "rgb", "pictures", picture.tobytes(), *picture.size, tolerance=2)

    picture = photo(21, 19)
    keep_jpeg("jpeg-grey", encoded(picture.convert("L"), quality=85))
    keep_jpeg("jpeg-420", encoded(picture, quality=85, subsampling=2))
    keep_jpeg("jpeg-444", encoded(picture, quality=85, subsampling=0))
    keep_jpeg("jpeg-restarts", encoded(picture, quality=85, restart_marker_blocks=1))
    keep_jpeg("jpeg-progressive", encoded(picture, quality=85, progressive=True))
    keep_jpeg("jpeg-rgb", encoded(picture, quality=85, keep_rgb=True))
    cmyk = Image.merge("CMYK", [*picture.split(), picture.convert("L").point(lambda v: v // 3)])
    adobe = encoded(cmyk, quality=85)
    keep_jpeg("jpeg-cmyk-adobe", adobe)
    mark = adobe.index(b"\xff\xee\0\x0eAdobe")
    ycck = bytearray(adobe)
    ycck[mark + 15] = 2
    keep_jpeg("jpeg-ycck", bytes(ycck))
    keep_jpeg("jpeg-cmyk", adobe[:mark] + adobe[mark + 16:])
    picture = photo(11, 6)
    for orientation in range(1, 9):
        order = "<" if orientation % 2 else ">"
        entry = struct.pack(order + "HHHIHH", 1, 0x0112, 3, 1, orientation, 0)
        tiff = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8) + entry + b"\0" * 4
        keep_jpeg(
            f"jpeg-orientation-{orientation}",
            encoded(picture, quality=90, subsampling=0, exif=b"Exif\0\0" + tiff), upright=True)


def make_resized():
    picture = photo(23, 17)
    (HERE / "resize-source.rgb").write_bytes(picture.tobytes())
    labels = Image.frombytes(
        "L", (23, 17), bytes((x * 29 + y * 53) % 256 for y in range(17) for x in range(23)))
    (HERE / "resize-source.labels").write_bytes(labels.tobytes())
    for width, height in [(7, 5), (11, 17), (23, 40), (40, 20), (22, 16), (1, 1), (50, 3)]:
        for group, source, rule, suffix in [
            ("resized", picture, Image.Resampling.BILINEAR, "rgb"),
            ("nearest", labels, Image.Resampling.NEAREST, "labels"),
        ]:
            name = f"resize-{width}x{height}.{suffix}"
            (HERE / name).write_bytes(source.resize((width, height), rule).tobytes())
            entries[group].append({"expected": name, "width": width, "height": height})


if __name__ == "__main__":
    make_pngs()
    make_labels()
    make_jpegs()
    make_resized()
    lines = []
    for group, items in entries.items():
        rows = ",\n".join("    " + json.dumps(item) for item in items)
        lines.append(f'  "{group}": [\n{rows}\n  ]')
    (HERE / "pictures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
