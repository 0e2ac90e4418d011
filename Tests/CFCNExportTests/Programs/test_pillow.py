"""Pictures of Pillow's are what their files are: see examples/python/fcn/_pixels.py.

usage: test_pillow.py MODEL PICTURE FOLDER
"""

import sys
import unittest
import warnings
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "examples" / "python"))
import fcn  # noqa: E402

MODEL, PICTURE, FOLDER = sys.argv[1:4]
PICTURES = ROOT / "Tests" / "FCNSwiftTests" / "Goldens" / "Pictures"


class PillowTest(unittest.TestCase):
    def test_every_kind_of_file(self):
        modes = set()
        for path in sorted([*PICTURES.glob("*.png"), *PICTURES.glob("*.jpg")]):
            with self.subTest(path.name), Pillow.open(path) as picture, warnings.catch_warnings():
                warnings.simplefilter("error")
                modes.add(picture.mode)
                with fcn.Image(path) as wanted, fcn.Image.from_array(picture) as image:
                    # Of 16 bits a channel in colour, Pillow keeps the upper 8, and so rounds otherwise.
                    np.testing.assert_allclose(
                        image.array.astype(int), wanted.array.astype(int), rtol=0, atol=1)
        self.assertLessEqual({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK"}, modes)

    def test_a_session_takes_one(self):
        with fcn.Model(MODEL) as model, fcn.Session(model) as session:
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
                fcn.Image.from_array(Pillow.new(mode, (4, 4)))
            self.assertIn(f"'{mode}'", str(caught.exception))

    def test_an_image_becomes_one(self):
        with fcn.Image(PICTURE) as image:
            self.assertEqual(Pillow.fromarray(np.asarray(image)).size, (image.width, image.height))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
