"""What python/fcnswift promises.

usage: test_fcn.py MODEL PICTURE FOLDER DATA   (FCN_MODEL names the model too, FCN_CUDA_LIBRARIES
the folder of CUDA libraries that have one device)
"""

import gc
import json
import sys
import threading
import unittest
import weakref
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402

MODEL, PICTURE, FOLDER, DATA = sys.argv[1:5]


def noise(height, width, channels=3, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


class NameTest(unittest.TestCase):
    def test_the_old_name_is_the_same_module(self):
        with self.assertWarnsRegex(DeprecationWarning, "fcnswift"):
            import fcn
        self.assertIs(fcn, fcnswift)


class ModelTest(unittest.TestCase):
    def test_properties(self):
        with fcnswift.Model(MODEL) as model:
            self.assertEqual(model.class_names, ["ground", "sky", "house", "tree"])
            self.assertEqual(model.palette.tolist()[1], [90, 160, 250])
            self.assertEqual(model.architecture, "fcn-simple")
            self.assertIn("tests", model.note)
            self.assertGreater(model.parameter_count, 1000)
            rule = model.preprocessing
            self.assertEqual((rule["size"], rule["channels"]), ("native", "rgb"))
            np.testing.assert_allclose(rule["mean"], [123.675, 116.28, 103.53], rtol=1e-5)

    def test_ranges_are_measured_and_kept(self):
        pictures = [noise(40, 33), noise(24, 50, seed=2), PICTURE]
        path = Path(FOLDER) / "calibrated.safetensors"
        with fcnswift.Model(MODEL) as model, model.calibrated(iter(pictures), threads=1) as made:
            self.assertFalse(model.is_calibrated)
            self.assertTrue(made.is_calibrated)
            made.save(path)
            with fcnswift.Session(made, precision="int8") as session:
                labels = session.segment(PICTURE)
            with self.assertRaises(fcnswift.FCNError):
                model.calibrated([])
            with self.assertRaises(ValueError):
                model.calibrated(pictures, order="rbg")
        with fcnswift.Model(path) as model, fcnswift.Session(model, precision="int8", threads=2) as session:
            self.assertTrue(model.is_calibrated)
            np.testing.assert_array_equal(session.segment(PICTURE), labels)
            with fcnswift.Session(model) as exact:
                self.assertGreater((exact.segment(PICTURE) == labels).mean(), 0.9)

    def test_a_network_is_read_changed_and_trained(self):
        with fcnswift.Model(MODEL) as model:
            network = json.loads(model.graph)
            self.assertEqual(model.graph, model.graph)
            self.assertGreater(len(network["layers"]), 20)
            text = model.graph
        with self.assertRaises(ValueError):
            model.graph
        changed = text.replace('"operation":"relu"', '"operation":"silu"')
        self.assertNotEqual(changed, text)
        out = Path(FOLDER) / "graph"
        params = dict(epochs=1, batch_size=2, crop_width=32, crop_height=32, threads=1)
        with fcnswift.Trainer(DATA, out, graph=changed, half_precision=True, **params) as trainer:
            trainer.run()
        size = (out / "model.safetensors").stat().st_size
        with fcnswift.Model(out / "model.safetensors") as model:
            self.assertEqual((model.architecture, model.graph), ("graph", changed))
        # What is resumed without a word goes on as it was.
        more = dict(epochs=2, batch_size=2, crop_width=32, crop_height=32, threads=1)
        with fcnswift.Trainer(DATA, out, resume=True, extend=True, **more) as trainer:
            trainer.run()
        self.assertEqual((out / "model.safetensors").stat().st_size, size)
        for error, graph, message in [
            (fcnswift.FCNError, "{}", "graph: "), (TypeError, 7, "graph is 7"),
        ]:
            with self.subTest(graph), self.assertRaises(error) as wrong:
                fcnswift.Trainer(DATA, Path(FOLDER) / "none", graph=graph)
            self.assertIn(message, str(wrong.exception))

    def test_ways_to_open(self):
        picture = noise(40, 50)
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            session.segment(picture)
            wanted = session.scores()
        for model in (fcnswift.Model.default(), fcnswift.Model.from_bytes(Path(MODEL).read_bytes())):
            with model, fcnswift.Session(model) as session:
                session.segment(picture)
                np.testing.assert_array_equal(session.scores(), wanted)

    def test_importing_and_saving(self):
        path = Path(FOLDER) / "saved.safetensors"
        with fcnswift.Model(MODEL) as model:
            model.save(path, half=True)
            self.assertLess(path.stat().st_size, 0.7 * Path(MODEL).stat().st_size)
            with fcnswift.Model.imported(path, class_names=["a", "b", "c", "d"], note="again") as other:
                self.assertEqual(other.class_names, ["a", "b", "c", "d"])
                self.assertEqual(other.note, "again")
                self.assertEqual(other.parameter_count, model.parameter_count)
                self.assertEqual(other.preprocessing, model.preprocessing)
                self.assertEqual((other.left_out, other.filled_in), ([], []))
                self.assertFalse(other.preprocessing_assumed)
            unit = {"mean": [0, 0, 0], "scale": [1 / 255] * 3}
            half = {"mean": 0.5, "std": 0.5, "channels": "bgr"}
            for given, mean, scale in [
                ("unit", 0, 1 / 255), (unit, 0, 1 / 255), (half, 127.5, 1 / 127.5),
                (model.preprocessing, None, None),
            ]:
                with fcnswift.Model.imported(path, preprocessing=given) as other:
                    if mean is None:
                        self.assertEqual(other.preprocessing, model.preprocessing)
                        continue
                    for value in other.preprocessing["mean"]:
                        self.assertAlmostEqual(value, mean)
                    for value in other.preprocessing["scale"]:
                        self.assertAlmostEqual(value, scale)
            for given in [
                {"means": 1}, {"mean": [1, 2]}, {"std": 0}, {"std": 1, "scale": 1},
                {"channels": "gbr"}, {"mean": 104, "std": 0.2},
                {"mean": [104, 117, 123]}, {"std": [0.2, 0.2, 0.3]}, {"mean": 0.5}, "uni\0t",
            ]:
                with self.assertRaises(ValueError):
                    fcnswift.Model.imported(path, preprocessing=given)
            for given in ["123", ["1", "2", "3"], None, b"123", [[1], [2], [3]]]:
                for key in ("mean", "scale", "std"):
                    with self.assertRaises(TypeError) as wrong:
                        fcnswift.Model.imported(path, preprocessing={key: given})
                    self.assertIn(key, str(wrong.exception))
            for given in [{"scale": 0}, {"std": float("inf")}]:
                with self.assertRaises(fcnswift.FCNError) as caught:
                    fcnswift.Model.imported(path, preprocessing=given)
                self.assertIn("a scale of 0", str(caught.exception))
            with self.assertRaises(fcnswift.FCNError) as caught:
                fcnswift.Model.imported(path, class_names=["a", "b", "a", "d"])
            self.assertEqual(caught.exception.name, "INVALID_ARGUMENT")
            self.assertIn("listed twice", str(caught.exception))
            with self.assertRaises(fcnswift.FCNError) as caught:
                fcnswift.Model.imported(path, preprocessing="none")
            self.assertEqual(caught.exception.name, "NOT_FOUND")
            with self.assertRaises(fcnswift.FCNError) as caught:
                fcnswift.Model.imported(path, rename={"nothing": "else"})
            self.assertEqual(caught.exception.name, "NOT_FOUND")
        with self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Model.imported(path, architecture="fcn32s")
        self.assertEqual(caught.exception.name, "SHAPE_MISMATCH")
        with self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Model.imported(PICTURE)
        self.assertEqual(caught.exception.name, "UNSUPPORTED")

    def test_errors(self):
        with self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Model("/no/such/model")
        self.assertEqual((caught.exception.status, caught.exception.name), (-2, "NOT_FOUND"))
        self.assertIn("/no/such/model", str(caught.exception))
        with self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Model.from_bytes(Path(MODEL).read_bytes()[:-1])
        self.assertEqual(caught.exception.name, "CORRUPT")
        with self.assertRaises(ValueError) as long:
            fcnswift.Model(Path(MODEL).read_bytes())
        self.assertIn("from_bytes", str(long.exception))
        self.assertLess(len(str(long.exception)), 200)
        for wrong in ("x", 10, None):
            with self.assertRaises(TypeError):
                fcnswift.Model.from_bytes(wrong)
            with self.assertRaises(TypeError):
                fcnswift.Image.decode(wrong)
        with fcnswift.Model(MODEL) as model:
            for wrong in ({"device": 0}, {"disabled_forms": 3}, {"disabled_forms": [3]}):
                with self.assertRaises(TypeError) as named:
                    fcnswift.Session(model, **wrong)
                self.assertIn(next(iter(wrong)), str(named.exception))
            with self.assertRaises(fcnswift.FCNError) as caught:
                fcnswift.Session(model, disabled_forms=["convolution.expanded"])
            self.assertIn("convolution.expanded_depthwise", str(caught.exception))

    def test_closing(self):
        model = fcnswift.Model(MODEL)
        session = fcnswift.Session(model)
        model.close()
        model.close()
        self.assertEqual(session.segment(noise(8, 8)).shape, (8, 8))
        with self.assertRaises(ValueError):
            _ = model.class_names
        gone = weakref.ref(session)
        del session
        gc.collect()
        self.assertIsNone(gone())


class SessionTest(unittest.TestCase):
    def setUp(self):
        self.model = fcnswift.Model(MODEL)
        self.session = fcnswift.Session(self.model)

    def tearDown(self):
        self.session.close()
        self.model.close()

    def test_layouts(self):
        rgb = noise(37, 53)
        alpha = np.concatenate([rgb, noise(37, 53, 1, seed=2)], axis=2)
        large = np.zeros((60, 90, 3), np.uint8)
        large[5:42, 7:60] = rgb

        def scores(array, order="rgb"):
            self.session.segment(array, order)
            return self.session.scores()

        wanted = scores(rgb)
        self.assertFalse(np.array_equal(scores(rgb, "bgr"), wanted))
        cases = {
            "part of a larger array": (large[5:42, 7:60], "rgb"),
            "reversed channels": (rgb[:, :, ::-1], "bgr"),
            "contiguous bgr": (np.ascontiguousarray(rgb[:, :, ::-1]), "bgr"),
            "alpha": (alpha, "rgb"),
            "bgr and alpha": (np.ascontiguousarray(alpha[:, :, [2, 1, 0, 3]]), "bgr"),
            "colour without alpha, not contiguous": (alpha[:, :, :3], "rgb"),
            "rows from the bottom, twice": (rgb[::-1][::-1], "rgb"),
            "columns first in memory": (np.asfortranarray(rgb), "rgb"),
        }
        for name, (array, order) in cases.items():
            with self.subTest(name):
                np.testing.assert_array_equal(scores(array, order), wanted)
        flipped = rgb[::-1]
        np.testing.assert_array_equal(scores(flipped), scores(np.ascontiguousarray(flipped)))
        grey = rgb[:, :, 0]
        np.testing.assert_array_equal(scores(grey), scores(np.dstack([grey] * 3)))

    def test_wrong_arrays(self):
        for array, error in [
            (noise(4, 4).astype(np.float32), ValueError),
            (np.zeros((4, 4, 2), np.uint8), ValueError),
            (np.zeros((0, 4, 3), np.uint8), ValueError),
            (np.zeros(4, np.uint8), ValueError),
        ]:
            with self.subTest(shape=array.shape), self.assertRaises(error):
                self.session.segment(array)
        with self.assertRaises(ValueError):
            self.session.segment(noise(4, 4), "grb")
        with self.assertRaises(fcnswift.FCNError):
            self.session.segment_all([])

    def test_results(self):
        labels = self.session.segment(noise(21, 34))
        scores, probabilities = self.session.scores(), self.session.probabilities()
        self.assertEqual(scores.shape, (4, 21, 34))
        np.testing.assert_array_equal(scores.argmax(0), labels)
        shifted = np.exp(scores - scores.max(0))
        np.testing.assert_allclose(probabilities, shifted / shifted.sum(0), rtol=1e-4, atol=1e-6)
        areas = self.session.areas()
        self.assertEqual(list(areas), self.model.class_names)
        self.assertEqual(list(areas.values()), np.bincount(labels.ravel(), minlength=4).tolist())
        with self.assertRaises(fcnswift.FCNError) as caught:
            self.session.labels(1)
        self.assertEqual(caught.exception.name, "NOT_FOUND")
        for result in (
            self.session.labels, self.session.scores, self.session.probabilities,
            self.session.areas,
        ):
            with self.assertRaises(ValueError):
                result(2**32)
            with self.assertRaises(TypeError):
                result(0.0)

    def test_batches(self):
        pictures = [noise(20, 30, seed=i) for i in range(3)] + [noise(11, 17)]
        labels = self.session.segment_all(pictures)
        self.assertEqual(self.session.result_count, 4)
        scores = [self.session.scores(i) for i in range(4)]
        for i, picture in enumerate(pictures):
            np.testing.assert_array_equal(self.session.segment(picture), labels[i])
            np.testing.assert_array_equal(self.session.scores(), scores[i])

    def test_files(self):
        with fcnswift.Image(PICTURE) as image:
            labels, scores = self.session.segment(image.array), self.session.scores()
        np.testing.assert_array_equal(self.session.segment_file(PICTURE), labels)
        np.testing.assert_array_equal(self.session.scores(), scores)
        encoded = Path(PICTURE).read_bytes()
        np.testing.assert_array_equal(self.session.segment_encoded(encoded), labels)
        np.testing.assert_array_equal(self.session.scores(), scores)

    def test_rows(self):
        picture = noise(468, 611)
        whole = self.session.segment(picture)
        found = np.zeros_like(whole)

        def write(first, labels):
            found[first:first + len(labels)] = labels

        self.session.segment_rows(
            611, 468, lambda first, count: picture[first:first + count], write, tile_side=416)
        self.assertLessEqual(np.count_nonzero(found != whole), whole.size // 20_000)
        self.assertEqual(self.session.result_count, 0)
        with self.assertRaisesRegex(ValueError, "wanted uint8"):
            self.session.segment_rows(20, 20, lambda _, count: picture[:count], write)
        with self.assertRaisesRegex(fcnswift.FCNError, "at least"):
            self.session.segment_rows(9000, 9000, None, None, tile_side=32)

    def test_progress_and_stopping(self):
        seen = []
        with fcnswift.Session(self.model, progress=lambda p: seen.append(p.fraction)) as session:
            session.segment(noise(16, 16))
        self.assertGreater(len(seen), 10)
        self.assertEqual(seen, sorted(seen))
        with fcnswift.Session(self.model, progress=lambda p: p.fraction < 0.5) as session:
            with self.assertRaises(fcnswift.FCNError) as caught:
                session.segment(noise(16, 16))
            self.assertEqual(caught.exception.name, "ABORTED")

        def fail(_):
            raise KeyError("mine")

        with fcnswift.Session(self.model, progress=fail) as session, self.assertRaises(KeyError):
            session.segment(noise(16, 16))

    def test_threads(self):
        picture = noise(64, 64)
        self.session.segment(picture)
        wanted = self.session.scores()
        results = []

        def work():
            with fcnswift.Session(self.model, threads=1) as session:
                for _ in range(3):
                    session.segment(picture)
                    results.append(session.scores())

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 9)
        for scores in results:
            np.testing.assert_array_equal(scores, wanted)

    def test_precision(self):
        picture = noise(64, 48)
        wanted = self.session.segment(picture), self.session.scores()
        with fcnswift.Session(self.model, precision="int16") as session:
            labels = session.segment(picture)
            self.assertGreater(np.mean(labels == wanted[0]), 0.97)
            spread = np.ptp(wanted[1])
            np.testing.assert_allclose(session.scores(), wanted[1], rtol=0, atol=0.02 * spread)
        with self.assertRaises(ValueError) as caught:
            fcnswift.Session(self.model, precision="int4")
        self.assertIn("float32, int16", str(caught.exception))

    def test_devices(self):
        picture = noise(64, 48)
        self.session.segment(picture)
        wanted = self.session.scores()
        spread = np.ptp(wanted)
        for device, precision, tolerance in (
            ("cpu", "float32", 0), ("cuda", "float32", 1e-4), ("cuda:0", "float16", 0.01),
        ):
            with fcnswift.Session(self.model, device=device, precision=precision) as session:
                for _ in range(3):
                    session.segment(picture)
                    np.testing.assert_allclose(
                        session.scores(), wanted, rtol=0, atol=tolerance * spread)
        for device in ("gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:0:1", "", "cpu:0"):
            with self.assertRaises(ValueError) as caught:
                fcnswift.Session(self.model, device=device)
            self.assertIn(repr(device), str(caught.exception))
        for device, precision in (("cuda:9", "float32"), ("cuda", "int16"), ("cpu", "float16")):
            with self.assertRaises(fcnswift.FCNError):
                fcnswift.Session(self.model, device=device, precision=precision)

    def test_disabled_forms(self):
        picture = noise(32, 32)
        self.session.segment(picture)
        fast = self.session.scores()
        with fcnswift.Session(self.model, disabled_forms=["convolution.winograd4"]) as session:
            session.segment(picture)
            np.testing.assert_allclose(session.scores(), fast, rtol=1e-3, atol=1e-4)
        with self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Session(self.model, disabled_forms=["no.such.form"])
        self.assertIn("no.such.form", str(caught.exception))


class ImageTest(unittest.TestCase):
    def test_round_trip(self):
        picture = noise(19, 23)
        path = Path(FOLDER) / "noise.png"
        with fcnswift.Image.from_array(picture[:, :, ::-1], "bgr") as image:
            np.testing.assert_array_equal(image.array, picture)
            image.save(path)
        with fcnswift.Image(path) as image, fcnswift.Image.decode(path.read_bytes()) as decoded:
            np.testing.assert_array_equal(image.array, picture)
            np.testing.assert_array_equal(decoded.array, picture)

    def test_drawings(self):
        picture, labels = np.full((30, 40, 3), 100, np.uint8), np.zeros((30, 40), np.uint8)
        labels[:, 20:] = 1
        with fcnswift.Model(MODEL) as model:
            colours = model.palette[labels]
            with fcnswift.overlay(picture, labels, model, opacity=1) as drawn:
                np.testing.assert_array_equal(drawn.array, colours)
            with fcnswift.overlay(picture, labels, model, opacity=0) as drawn:
                np.testing.assert_array_equal(drawn.array, picture)
            with fcnswift.sheet(picture, labels, model, truth=labels) as drawn:
                self.assertGreaterEqual(drawn.array.shape[1], 3 * 40)
            path = Path(FOLDER) / "labels.png"
            fcnswift.save_labels(path, labels, model)
            with fcnswift.Image(path) as image:
                np.testing.assert_array_equal(image.array, colours)
            fcnswift.save_labels(path, labels, grey=True)
            with fcnswift.Image(path) as image:
                np.testing.assert_array_equal(image.array, np.repeat(labels[..., None], 3, 2))
            with self.assertRaises(ValueError):
                fcnswift.overlay(picture, labels.T, model)


class TrainerTest(unittest.TestCase):
    def test_stop_and_resume(self):
        params = dict(epochs=2, width=0.05, batch_norm=1, batch_size=2, optimizer="adamw",
                      validation_split="val", evaluation_interval=1, threads=1)
        whole, broken = Path(FOLDER) / "whole", Path(FOLDER) / "broken"
        events = []
        with fcnswift.Trainer(DATA, whole, **params) as trainer:
            trainer.run(events.append)
        self.assertEqual({e.event for e in events}, {"minibatch", "measurement", "epoch"})
        ends = [e for e in events if e.event == "epoch"]
        self.assertEqual([e.epoch for e in ends], [1, 2])
        self.assertEqual((ends[-1].iteration, ends[-1].epoch_count), (ends[-1].iteration_count, 2))
        self.assertTrue(0 <= ends[-1].validation_mean_iu <= 1)
        self.assertTrue(all(e.validation_mean_iu is None for e in events if e.event != "epoch"))

        with fcnswift.Trainer(DATA, broken, **params) as trainer:
            with self.assertRaises(fcnswift.FCNError) as caught:
                trainer.run(lambda e: not (e.epoch == 2 and e.event == "minibatch"))
            self.assertEqual(caught.exception.name, "ABORTED")
            trainer.run()
        for name in ("model.safetensors", "best.safetensors"):
            self.assertEqual((whole / name).read_bytes(), (broken / name).read_bytes())
        with fcnswift.Model(broken / "model.safetensors") as model:
            self.assertEqual(model.class_names, ["ground", "sky", "house", "tree"])
        with self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Trainer(DATA, whole, **params)
        self.assertEqual(caught.exception.name, "INVALID_STATE")

    def test_a_recipe_and_what_changes_it(self):
        out, steps = Path(FOLDER) / "recipe", []
        with fcnswift.Trainer(
            DATA, out, recipe="simple", width=0.05, optimizer="adamw", learning_rate=0.001,
            crop_width=32, crop_height=32, batch_size=1, accumulation=2, iterations=3,
            layer_rates={"conv": 0, "score": np.float32(0.5)}, class_weights=np.array([1, 1, 2, 4]),
            threads=1,
        ) as trainer:
            trainer.run(lambda event: steps.append(event.iteration))
        self.assertEqual(max(steps), 3)
        text = (out / "checkpoint.safetensors").read_bytes().split(b"}}")[0].decode(errors="replace")
        for part in ("adamW(", "explicit([1.0, 1.0, 2.0, 4.0])", "conv=0.0,score=0.5",
                     'option.iterations":"3', 'option.accumulation":"2', 'option.schedule":"constant',
                     'option.biasRate":"1.0', "(1.0...1.0), flip: false"):
            self.assertIn(part, text)

    def test_wrong_parameters(self):
        with self.assertRaises(TypeError):
            fcnswift.Trainer(DATA, FOLDER, epoch=3)
        with self.assertRaises(fcnswift.FCNError):
            fcnswift.Trainer(DATA, Path(FOLDER) / "none", epochs=-1)
        with self.assertRaises(fcnswift.FCNError):
            fcnswift.Trainer("/no/such/folder", Path(FOLDER) / "none")
        with self.assertRaises(TypeError) as wrong:
            fcnswift.Trainer(DATA, Path(FOLDER) / "none", start="m.safetensors")
        self.assertIn("must be a Model", str(wrong.exception))
        with self.assertRaises(ValueError) as wrong:
            fcnswift.Trainer(DATA, Path(FOLDER) / "none", class_weights="rare")
        self.assertIn("none, enet", str(wrong.exception))
        for error, params, message in [
            (fcnswift.FCNError, dict(class_weights=[1, 2]), "there are 4 classes"),
            (fcnswift.FCNError, dict(class_weights=[]), "class_weight_count is 0"),
            (fcnswift.FCNError, dict(class_weights=[1, 2, 3, -4]), "class_weight_values[3] is -4"),
            (TypeError, dict(class_weights=3), "for each class"),
            (TypeError, dict(class_weights=["1", "2"]), "for each class"),
            (fcnswift.FCNError, dict(recipe="voc-fcn"), "voc-fcn32s"),
            (TypeError, dict(recipe=1), "recipe"),
            (fcnswift.FCNError, dict(layer_rates={"conf": 1}), "conf"),
            (fcnswift.FCNError, dict(layer_rates={"conv1": 1001}), "conv1"),
            (ValueError, dict(layer_rates={"conv1,conv2": 1}), "conv1,conv2"),
            (TypeError, dict(layer_rates={"conv1": "0"}), "conv1"),
            (TypeError, dict(layer_rates="conv1=0"), "dict"),
            (fcnswift.FCNError, dict(iterations=3, epochs=1), "iterations 3"),
            (fcnswift.FCNError, dict(accumulation=1025), "accumulation is 1025"),
        ]:
            with self.subTest(params), self.assertRaises(error) as wrong:
                fcnswift.Trainer(DATA, Path(FOLDER) / "none", width=0.05, **params)
            self.assertIn(message, str(wrong.exception))
            self.assertFalse((Path(FOLDER) / "none").exists())
        with fcnswift.Model(MODEL) as model, self.assertRaises(fcnswift.FCNError) as caught:
            fcnswift.Trainer(DATA, Path(FOLDER) / "none", model, width=0.05)
        self.assertEqual(caught.exception.name, "INVALID_ARGUMENT")
        self.assertIn("width is for a fresh model", str(caught.exception))


class LibraryTest(unittest.TestCase):
    def test_about(self):
        self.assertRegex(fcnswift.version(), r"^\d+\.\d+\.\d+$")
        about = fcnswift.about()
        self.assertEqual(set(about), {"build", "cpu", "blas", "architectures"})
        self.assertIn("fcn-simple", about["architectures"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
