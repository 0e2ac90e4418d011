"""Segmentation in one call, its result, and what may be a picture.

usage: test_segmentation.py MODEL PICTURE FOLDER   (FCN_MODEL names the model too)
"""

import base64
import io
import pickle
import re
import sys
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402
import fcnswift.spark  # noqa: E402

MODEL, PICTURE, FOLDER = sys.argv[1:4]


def decoded(png):
    with fcnswift.Image.decode(png) as image:
        return image.array


class Interface:
    """An object of another package that has an array."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


class SegmentTest(unittest.TestCase):
    def setUp(self):
        with fcnswift.Image(PICTURE) as image:
            self.picture = image.array
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            self.labels, self.areas = session.segment(PICTURE), session.areas()
            self.palette = model.palette

    def test_every_kind_of_picture(self):
        encoded, rgb = Path(PICTURE).read_bytes(), self.picture
        with open(PICTURE, "rb") as file:
            for picture in (
                PICTURE, Path(PICTURE), encoded, bytearray(encoded), memoryview(encoded), file,
                io.BytesIO(encoded), rgb, rgb / 255, (rgb / 255).astype(np.float32), Interface(rgb),
                np.asfortranarray(rgb / 255),
            ):
                with self.subTest(type(picture).__name__):
                    result = fcnswift.segment(picture)
                    np.testing.assert_array_equal(result, self.labels)
                    self.assertEqual(decoded(result._repr_png_()).shape, rgb.shape)
        # The nearest byte, and to the byte.
        odd = np.linspace(0, 1, 5 * 7 * 3, dtype=np.float64).reshape(5, 7, 3)
        for floats in (odd, odd.astype(np.float32), odd.astype(np.float16)):
            with fcnswift.Image.from_array(floats) as image:
                wanted = np.floor(floats.astype(np.float64) * 255 + 0.5)
                np.testing.assert_array_equal(image.array, wanted)

    def test_models_and_settings(self):
        with fcnswift.Model.open(MODEL) as model:
            for result in (
                fcnswift.segment(PICTURE, MODEL), fcnswift.segment(PICTURE, Path(MODEL)),
                fcnswift.segment(PICTURE, model, threads=1),
                fcnswift.segment(self.picture[:, :, ::-1], model, order="bgr"),
            ):
                np.testing.assert_array_equal(result, self.labels)
        for error, settings, words in [
            (ValueError, dict(precision="int4"), "float32"), (ValueError, dict(device="gpu"), "cuda"),
            (TypeError, dict(threads=1.5), "threads"), (TypeError, dict(model={}), "must be a Model"),
            (ValueError, dict(order="rbg"), "rbg"),
        ]:
            with self.assertRaises(error) as caught:
                fcnswift.segment(PICTURE, **settings)
            self.assertIn(words, str(caught.exception))

    def test_what_is_said_of_wrong_pictures(self):
        with open(PICTURE, "rb") as read:
            read.read()
            for error, picture, words in [
                (TypeError, [PICTURE, PICTURE], "segment_all"),
                (TypeError, [self.picture], "segment_all"),
                (TypeError, io.StringIO("text"), 'open(path, "rb")'),
                (ValueError, read, "seek(0)"),
                (TypeError, {}, "dict is no picture"), (TypeError, 7, "one value is no picture"),
                (TypeError, np.array([PICTURE]), "segment_all"),
                (ValueError, "https://example.org/photo.jpg", "urlopen"),
                (fcnswift.FCNError, Path(__file__), "PNG"),
                (fcnswift.FCNError, FOLDER, FOLDER),
            ]:
                with self.subTest(words), self.assertRaises(error) as caught:
                    fcnswift.segment(picture)
                self.assertIn(words, str(caught.exception))
            with open(PICTURE, encoding="utf-8") as text, self.assertRaises(TypeError):
                fcnswift.segment(text)
        with self.assertRaises(TypeError) as caught:
            fcnswift.Session(MODEL)
        self.assertIn("must be a Model", str(caught.exception))

    def test_several(self):
        files = [io.BytesIO(Path(PICTURE).read_bytes()) for _ in range(9)]
        results = fcnswift.segment_all(iter([self.picture[:30], *files, PICTURE]))
        self.assertEqual(len(results), 11)
        np.testing.assert_array_equal(results[0], fcnswift.segment(self.picture[:30]))
        for result in results[1:]:
            np.testing.assert_array_equal(result, self.labels)
            self.assertEqual(result.areas(), self.areas)
        for single in (PICTURE, self.picture, files[0].getvalue(), files[0]):
            with self.assertRaises(TypeError) as caught:
                fcnswift.segment_all(single)
            self.assertIn("[picture]", str(caught.exception))


class ResultTest(unittest.TestCase):
    def setUp(self):
        self.result = fcnswift.segment(PICTURE)
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            self.labels, self.areas = session.segment(PICTURE), session.areas()

    def test_it_is_an_array(self):
        result = self.result
        self.assertEqual((result.dtype, result.shape), (np.uint8, self.labels.shape))
        self.assertIs(type(result == 1), np.ndarray)
        self.assertIs(type(result + 1), np.ndarray)
        self.assertEqual((result == 1).sum(), self.areas["sky"])
        self.assertEqual(int(result.max()), self.labels.max())
        self.assertIs(type(np.asarray(result)), np.ndarray)

    def test_it_knows_its_classes(self):
        self.assertEqual(self.result.class_names, ("ground", "sky", "house", "tree"))
        self.assertEqual(self.result.areas(), self.areas)
        self.assertEqual(self.result.palette.tolist()[1], [90, 160, 250])
        self.assertRegex(repr(self.result), r"^<fcnswift.Segmentation 96 x 72: \w+ \d+\.\d %")
        part = self.result[10:20, 5:]
        self.assertEqual(sum(part.areas().values()), part.size)
        self.assertEqual(part.class_names, self.result.class_names)
        self.assertTrue(repr(self.result[0]).startswith("array("))

    def test_drawings(self):
        with fcnswift.Model(MODEL) as model:
            for opacity in (0, 0.5, 1):
                with fcnswift.overlay(PICTURE, self.labels, model, opacity) as wanted, \
                        self.result.overlay(opacity) as drawn:
                    np.testing.assert_array_equal(drawn.array, wanted.array)
            one, other = Path(FOLDER) / "one.png", Path(FOLDER) / "other.png"
            for grey in (False, True):
                self.result.save(one, grey=grey)
                fcnswift.save_labels(other, self.labels, model, grey=grey)
                self.assertEqual(one.read_bytes(), other.read_bytes())
        for part in (self.result[:9], pickle.loads(pickle.dumps(self.result))):
            for draw in (part.overlay, lambda: part.save(one)):
                with self.assertRaises(ValueError) as caught:
                    draw()
                self.assertIn("does not know its", str(caught.exception))
            np.testing.assert_array_equal(decoded(part._repr_png_()), part.palette[np.asarray(part)])

    def test_it_travels(self):
        other = pickle.loads(pickle.dumps(self.result))
        np.testing.assert_array_equal(other, self.result)
        self.assertEqual((other.class_names, other.areas()), (self.result.class_names, self.areas))
        self.assertLess(len(pickle.dumps(self.result)), self.result.size + 1000)

    def test_notebooks_show_it(self):
        with self.result.overlay() as wanted:
            np.testing.assert_array_equal(decoded(self.result._repr_png_()), wanted.array)
            html = self.result._repr_html_()
            data = base64.b64decode(re.search("base64,([^\"]*)\"", html)[1])
            np.testing.assert_array_equal(decoded(data), wanted.array)
        for name, area in self.areas.items():
            self.assertEqual(name in html, area > 0)
        self.assertIsNone(self.result[0]._repr_html_())
        large = np.repeat(self.result, 20, axis=1)
        self.assertLessEqual(decoded(large._repr_png_()).shape[1], 1024)
        large[:] = 0
        large[0, 0] = 1
        self.assertIn("<td style=\"text-align:left\">&lt; 0.1 %</td>", large._repr_html_())
        with fcnswift.Model(MODEL) as model:
            table = model._repr_html_()
            for text in ("fcn-simple", "ground", "rgb(90,160,250)", f"{model.parameter_count:,}"):
                self.assertIn(text, table)
        self.assertIn("closed", model._repr_html_())


class OptionalTest(unittest.TestCase):
    """What is said where Pillow or tqdm is missing."""

    def test_what_is_missing_is_told(self):
        result = fcnswift.segment(PICTURE)
        with mock.patch.dict(sys.modules, {"PIL.Image": None, "tqdm.auto": None}):
            for call, words in [
                (result.image, "fcnswift[pillow]"), (result.overlay().pillow, "fcnswift[pillow]"),
                (lambda: fcnswift.segment_all([PICTURE], progress=True), "fcnswift[tqdm]"),
            ]:
                with self.assertRaises(ImportError) as caught:
                    call()
                self.assertIn(words, str(caught.exception))

    def test_bars(self):
        """Drawn by tqdm, of which this stands for a part."""
        bars = []

        class Bar:
            def __init__(self, **options):
                self.total, self.n, self.texts, self.closed = options.get("total"), 0, [], False
                bars.append(self)

            def update(self, count):
                self.n += count

            def set_description(self, text, refresh):
                self.texts.append(text)

            def set_postfix(self, told, refresh):
                self.texts.append(told)

            def refresh(self):
                pass

            def close(self):
                self.closed = True

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.close()

        tqdm = mock.Mock(tqdm=Bar)
        with mock.patch.dict(sys.modules, {"tqdm.auto": tqdm, "tqdm": mock.Mock(auto=tqdm)}):
            fcnswift.segment_all([PICTURE] * 9, progress=True)
            self.assertEqual((bars[0].total, bars[0].n, bars[0].closed), (9, 9, True))
            with fcnswift.Trainer(
                sys.argv[4], Path(FOLDER) / "bar", width=0.05, epochs=1, batch_size=2, threads=1,
                crop_width=32, crop_height=32,
            ) as trainer:
                trainer.run(progress=True)
        self.assertEqual((bars[1].total, bars[1].n, bars[1].closed), (2, 2, True))
        self.assertIn("epoch 1 of 1", bars[1].texts)


class SparkTest(unittest.TestCase):
    """What a task of Spark's does with its rows; scripts/check_spark.py runs Spark itself."""

    def test_rows(self):
        encoded = Path(PICTURE).read_bytes()
        frame = {
            "path": ["good", "damaged", "none"], "content": [encoded, encoded[:-40], None]}
        files = mock.Mock()
        files.get.return_value = MODEL
        spark, pandas = mock.Mock(SparkFiles=files), mock.Mock(DataFrame=lambda rows, **_: rows)
        with mock.patch.dict(sys.modules, {"pyspark": spark, "pandas": pandas}):
            first, second = fcnswift.spark._segmented([frame, frame], "name", 1, "float32")
        self.assertEqual(first, second)
        good, damaged, none = first
        result = fcnswift.segment(PICTURE)
        self.assertEqual((good["path"], good["error"]), ("good", None))
        self.assertEqual((good["height"], good["width"]), result.shape)
        self.assertEqual(good["areas"], result.areas())
        np.testing.assert_array_equal(decoded(good["labels"]), result.palette[result])
        self.assertIn("PNG", damaged["error"])
        self.assertIn("no content", none["error"])
        for row in (damaged, none):
            self.assertEqual((row["labels"], row["areas"], row["width"]), (None, None, None))
        # One session serves the worker's tasks, until another model comes.
        self.assertEqual(len(fcnswift.spark._sessions), 1)

    def test_a_table_without_pictures_is_refused(self):
        with self.assertRaises(ValueError) as caught:
            fcnswift.spark.segment_images(mock.Mock(columns=["path", "length"]))
        self.assertIn("binaryFile", str(caught.exception))

    def test_the_script_says_what_is_missing(self):
        said = io.StringIO()
        with mock.patch.dict(sys.modules, {"pyspark.sql": None}), mock.patch("sys.stderr", said):
            self.assertEqual(fcnswift.spark.main(["pictures", "table"]), 1)
        self.assertIn("fcnswift[spark]", said.getvalue())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
