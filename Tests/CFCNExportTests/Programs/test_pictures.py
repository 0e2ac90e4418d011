"""What kinds of pictures python/fcnswift takes, and what an Image can do.

usage: test_pictures.py MODEL PICTURE FOLDER
"""

import os
import struct
import sys
import unittest
import zlib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402

MODEL, PICTURE, FOLDER = sys.argv[1:4]


def noise(height, width, channels=3, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


class KindsTest(unittest.TestCase):
    def test_a_picture_may_be_a_file_bytes_an_image_or_an_array(self):
        encoded = Path(PICTURE).read_bytes()
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session, \
                fcnswift.Image(PICTURE) as image:
            wanted = session.segment(image.array)
            self.assertGreater(len(np.unique(wanted)), 1)
            kinds = [PICTURE, Path(PICTURE), encoded, bytearray(encoded), memoryview(encoded), image]
            for picture in kinds:
                with self.subTest(type(picture).__name__):
                    np.testing.assert_array_equal(session.segment(picture), wanted)
                    np.testing.assert_array_equal(session.segment(picture, "bgr"), wanted)
                    with fcnswift.overlay(picture, wanted, model, opacity=0) as drawn:
                        np.testing.assert_array_equal(drawn.array, image.array)
            for labels in session.segment_all(iter([*kinds, image.array])):
                np.testing.assert_array_equal(labels, wanted)

    def test_what_is_no_picture_is_told_what_to_do(self):
        rgb = noise(6, 7)
        cases = [
            (None, TypeError, "is None"),
            (rgb.astype(np.float32), ValueError, "astype(numpy.uint8)"),
            (rgb / 127.5 - 1, ValueError, "(picture + 1) / 2"),
            (rgb * 2.0 - 300, ValueError, "before it was normalised"),
            (np.full((2, 2), np.inf), ValueError, "from inf to inf"),
            (np.where(rgb > 9, np.nan, 0.5), ValueError, "NaN"),
            (rgb.astype(np.uint16), TypeError, "// 257"),
            (rgb > 100, TypeError, "bool"),
            (5, TypeError, "int64"),
            ([object()], TypeError, "object is no picture"),
            (rgb.transpose(2, 0, 1), ValueError, "transpose(1, 2, 0)"),
            (rgb[np.newaxis], ValueError, "segment_all"),
            (rgb.ravel(), ValueError, "bytes"),
            (rgb[:, :, :2], ValueError, "(6, 7, 2)"),
            ("a\0b.png", ValueError, "NUL"),
            ("/no/such.png", fcnswift.FCNError, "/no/such.png"),
            (b"no picture", fcnswift.FCNError, "PNG"),
            (b"", ValueError, "bytes of no bytes"),
        ]
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            for picture, kind, words in cases:
                with self.subTest(words), self.assertRaises(kind) as caught:
                    session.segment(picture)
                self.assertIn(words, str(caught.exception))
            # Its rows would pass for pictures.
            for single in (rgb, rgb[:, :, 0], PICTURE, b""):
                with self.assertRaises(TypeError):
                    session.segment_all(single)

    def test_a_png_is_not_called_something_else(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session, \
                fcnswift.Image(PICTURE) as image:
            labels = session.segment(image)
            for path in (Path(FOLDER, "a.JPG"), f"{FOLDER}/a.tiff", f"{FOLDER}/a.bmp".encode()):
                for write in (
                    lambda: image.save(path), lambda: fcnswift.save_labels(path, labels, model),
                    lambda: fcnswift.save_labels(path, labels, grey=True),
                ):
                    with self.subTest(path), self.assertRaises(ValueError) as caught:
                        write()
                    self.assertIn(".png", str(caught.exception))
                self.assertFalse(Path(os.fsdecode(path)).exists())

    def test_gaps_in_arrays(self):
        rgb = noise(1, 9)
        column = noise(9, 1)
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            for array in (
                rgb[::-1], np.broadcast_to(rgb, (4, 9, 3)), column[::-1], column[::2],
                noise(8, 8)[::2, ::2], np.broadcast_to(noise(4, 4, 1), (4, 4, 3)),
            ):
                session.segment(array)
                scores = session.scores()
                session.segment(np.array(array.tolist(), np.uint8))
                np.testing.assert_array_equal(scores, session.scores())

    def test_numbers_that_c_would_cut_off(self):
        with fcnswift.Model(MODEL) as model:
            for params in (dict(threads=2**32), dict(largest_batch=2**32 + 1)):
                with self.assertRaises(ValueError) as caught:
                    fcnswift.Session(model, **params)
                self.assertIn(next(iter(params)), str(caught.exception))
            with self.assertRaises(TypeError):
                fcnswift.Session(model, threads=1.5)


class ImageTest(unittest.TestCase):
    def test_it_is_an_array(self):
        picture = noise(5, 8)
        with fcnswift.Image.from_array(picture) as image:
            self.assertEqual((image.width, image.height), (8, 5))
            np.testing.assert_array_equal(np.asarray(image), picture)
            self.assertEqual(np.asarray(image, np.float32).dtype, np.float32)
            np.testing.assert_array_equal(np.array(image, dtype=np.int64), picture)
            np.testing.assert_array_equal(np.stack([image, image])[1], picture)
            with self.assertRaises(ValueError):
                image.__array__(copy=False)
            # A copy, which outlives it.
            array = image.__array__()
        np.testing.assert_array_equal(array, picture)

    def test_notebooks_show_it(self):
        picture = noise(7, 9)
        with fcnswift.Image.from_array(picture) as image:
            data = image._repr_png_()
        with fcnswift.Image.decode(data) as decoded:
            np.testing.assert_array_equal(decoded.array, picture)
        # What our decoder lets pass others need not: the checksums.
        at = 8
        while at < len(data):
            (length,) = struct.unpack(">I", data[at:at + 4])
            body, checksum = data[at + 4:at + 8 + length], data[at + 8 + length:at + 12 + length]
            self.assertEqual(struct.pack(">I", zlib.crc32(body)), checksum)
            at += 12 + length

    def test_what_things_look_like(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session, \
                fcnswift.Image(PICTURE) as image:
            self.assertRegex(repr(model), r"^<fcnswift\.Model fcn-simple, 4 classes, [\d,]+ parameters>$")
            self.assertRegex(repr(session), r"^<fcnswift\.Session of fcn-simple, 4 classes")
            self.assertEqual(repr(image), "<fcnswift.Image 96 x 72>")
        self.assertEqual(repr(image), "<fcnswift.Image, closed>")
        self.assertEqual(repr(fcnswift.FCNError(-2, "gone")), "FCNError(NOT_FOUND, 'gone')")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
