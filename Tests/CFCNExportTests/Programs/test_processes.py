"""Threads and processes: the interpreter's lock, fork, spawn, what is pickled.

usage: test_processes.py MODEL PICTURE FOLDER   (FCN_MODEL names the model too)
"""

import multiprocessing
import pickle
import sys
import threading
import time
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402

MODEL, PICTURE = sys.argv[1:3]


def segment_with(model, results):
    """What a worker does with a model that came to it."""
    with fcnswift.Session(model, threads=2) as session:
        results.put(np.asarray(session.segment(PICTURE)))


class LockTest(unittest.TestCase):
    def test_other_threads_go_on(self):
        picture = np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8)
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model, threads=1) as session:
            session.segment(picture)
            # Among other programs a thread may wait for a processor; with the lock held it would each time.
            shares = []
            while not shares or min(shares) >= 0.6 and len(shares) < 10:
                shares.append(self.longest_wait(session, picture))
        self.assertLess(min(shares), 0.6)

    def longest_wait(self, session, picture):
        """Of another thread that would go on each millisecond, as a share of the time of the picture."""
        running, steps = threading.Event(), []

        def count():
            while not running.is_set():
                steps.append(time.perf_counter())
                time.sleep(0.001)

        other = threading.Thread(target=count)
        # In this thread a callback asks for signals after every layer; in another one none does.
        worker = threading.Thread(target=session.segment, args=(picture,))
        other.start()
        begin = time.perf_counter()
        worker.start()
        worker.join()
        end = time.perf_counter()
        running.set()
        other.join()
        within = [step for step in steps if begin < step < end]
        return np.diff([begin, *within, end]).max() / (end - begin)


class ForkTest(unittest.TestCase):
    def test_what_was_opened_before_is_used_after(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model, threads=2) as session:
            wanted = session.segment(PICTURE)
            context = multiprocessing.get_context("fork")
            results = context.Queue()

            def work():
                results.put(session.segment(PICTURE))  # the parent's session
                segment_with(model, results)  # and one of its own

            child = context.Process(target=work)
            child.start()
            for _ in range(2):
                np.testing.assert_array_equal(results.get(timeout=60), wanted)
            child.join(60)
            self.assertEqual(child.exitcode, 0)
            np.testing.assert_array_equal(session.segment(PICTURE), wanted)


class SpawnTest(unittest.TestCase):
    def test_a_model_is_sent(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            wanted = session.segment(PICTURE)
            context = multiprocessing.get_context("spawn")
            results = context.Queue()
            child = context.Process(target=segment_with, args=(model, results))
            child.start()
            np.testing.assert_array_equal(results.get(timeout=60), wanted)
            child.join(60)
            self.assertEqual(child.exitcode, 0)

    def test_ways_to_pickle_a_model(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            session.segment(PICTURE)
            wanted, note = session.scores(), model.note
        data = Path(MODEL).read_bytes()
        ways = {
            "path": (fcnswift.Model(Path(MODEL)), 500), "default": (fcnswift.Model.default(), 500),
            "bytes": (fcnswift.Model.from_bytes(data), 2 * len(data)),
            "imported": (fcnswift.Model.imported(MODEL, note=note), 2 * len(data)),
        }
        for name, (model, most) in ways.items():
            with self.subTest(name), model:
                pickled = pickle.dumps(model)
                self.assertLess(len(pickled), most)
                with pickle.loads(pickled) as other, fcnswift.Session(other) as session:
                    session.segment(PICTURE)
                    np.testing.assert_array_equal(session.scores(), wanted)
                    self.assertEqual(other.note, note)
            with self.assertRaises(ValueError):
                pickle.dumps(model)

    def test_an_image_is_pickled(self):
        with fcnswift.Image(PICTURE) as image, pickle.loads(pickle.dumps(image)) as other:
            np.testing.assert_array_equal(other.array, image.array)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
