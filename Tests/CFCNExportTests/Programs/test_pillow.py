"""Pictures of Pillow's are what their files are: see python/fcnswift/_pixels.py.

usage: test_pillow.py MODEL PICTURE FOLDER
"""

import sys
import unittest
import warnings
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402

MODEL, PICTURE, FOLDER = sys.argv[1:4]
PICTURES = ROOT / "Tests" / "FCNSwiftTests" / "Goldens" / "Pictures"


class PillowTest(unittest.TestCase):
    def test_every_kind_of_file(self):
        modes = set()
        for path in sorted([*PICTURES.glob("*.png"), *PICTURES.glob("*.jpg")]):
            with self.subTest(path.name), Pillow.open(path) as picture, warnings.catch_warnings():
                warnings.simplefilter("error")
                modes.add(picture.mode)
                with fcnswift.Image(path) as wanted, fcnswift.Image.from_array(picture) as image:
                    # Of 16 bits a channel in colour, Pillow keeps the upper 8, and so rounds otherwise.
                    np.testing.assert_allclose(
                        image.array.astype(int), wanted.array.astype(int), rtol=0, atol=1)
        self.assertLessEqual({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK"}, modes)

    def test_a_session_takes_one(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            wanted = session.segment(PICTURE)
            picture = Pillow.open(PICTURE)
            self.assertEqual(session.segment(picture).tolist(), wanted.tolist())
            # Its channels are its own matter.
            self.assertEqual(session.segment(picture, "bgr").tolist(), wanted.tolist())
            palette = Pillow.open(PICTURES / "palette-8.png")
            rgb = np.asarray(palette.convert("RGB"))
            self.assertEqual(session.segment(palette).tolist(), session.segment(rgb).tolist())

    def test_white_must_be_known(self):
        for mode in ("F", "I"):
            with self.assertRaises(TypeError) as caught:
                fcnswift.Image.from_array(Pillow.new(mode, (4, 4)))
            self.assertIn(f"'{mode}'", str(caught.exception))

    def test_an_image_becomes_one(self):
        with fcnswift.Image(PICTURE) as image:
            self.assertEqual(Pillow.fromarray(np.asarray(image)).size, (image.width, image.height))

    def test_a_result_becomes_one(self):
        result = fcnswift.segment(PICTURE)
        picture = result.image()
        self.assertEqual((picture.mode, picture.size), ("P", (96, 72)))
        np.testing.assert_array_equal(np.asarray(picture), result)
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), result.palette[result])
        drawn = result.overlay()
        np.testing.assert_array_equal(np.asarray(drawn.pillow()), drawn.array)
        np.testing.assert_array_equal(np.asarray(result[5:9].image()), result[5:9])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
