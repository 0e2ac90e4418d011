"""Ctrl-C and other signals while the library works, errors between processes, and the trainer's
parameters.

usage: test_interruption.py MODEL PICTURE FOLDER DATA
"""

import copy
import inspect
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))
import fcnswift  # noqa: E402
from fcnswift._native import TrainerParamsStruct  # noqa: E402

MODEL, PICTURE, FOLDER, DATA = sys.argv[1:5]
# As for a program that a person started, whatever this one's parent does with signals.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
signal.signal(signal.SIGINT, signal.default_int_handler)
PICTURE_ARRAY = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)


class TimeUp(Exception):
    pass


class SignalTest(unittest.TestCase):
    def setUp(self):
        self.model = fcnswift.Model(MODEL)
        self.lost = []
        sys.unraisablehook = self.lost.append

    def tearDown(self):
        sys.unraisablehook = sys.__unraisablehook__
        self.model.close()
        self.assertEqual(self.lost, [])
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_ctrl_c_in_a_callback_arrives_every_time(self):
        calls = []

        def progress(_):
            calls.append(1)
            signal.raise_signal(signal.SIGINT)

        with fcnswift.Session(self.model, progress=progress) as session:
            for count in range(1, 9):
                with self.assertRaises(KeyboardInterrupt):
                    session.segment(PICTURE_ARRAY)
                # The call was stopped then and there.
                self.assertEqual(len(calls), count)
                with self.assertRaises(fcnswift.FCNError):
                    session.labels()

    def test_ctrl_c_reaches_a_call_without_a_callback(self):
        large = np.zeros((1000, 1500, 3), np.uint8)
        with fcnswift.Session(self.model, threads=1) as session:
            # The first call with pictures of a size takes longer than the next.
            session.segment(large)
            begin = time.monotonic()
            session.segment(large)
            whole = time.monotonic() - begin
            # On a busy machine a signal may come before the call begins or after it has ended.
            for _ in range(10):
                timer = threading.Timer(whole / 4, os.kill, (os.getpid(), signal.SIGINT))
                with self.assertRaises(KeyboardInterrupt):
                    timer.start()
                    session.segment(large)
                    timer.join()
                    time.sleep(60)
                # Stopped, not only told of it at the end: then there would be a result.
                if session.result_count == 0:
                    break
            self.assertEqual(session.result_count, 0)
            self.assertEqual(session.segment(PICTURE_ARRAY).shape, (64, 64))

    def test_any_handler_that_raises(self):
        def handle(*_):
            raise TimeUp

        old = signal.signal(signal.SIGUSR1, handle)
        try:
            with fcnswift.Session(
                self.model, progress=lambda _: signal.raise_signal(signal.SIGUSR1)
            ) as session, self.assertRaises(TimeUp):
                session.segment(PICTURE_ARRAY)
            self.assertIs(signal.getsignal(signal.SIGUSR1), handle)
        finally:
            signal.signal(signal.SIGUSR1, old)

    def test_a_handler_that_does_not_raise_stops_nothing(self):
        seen = []
        old = signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        try:
            with fcnswift.Session(
                self.model, progress=lambda _: signal.raise_signal(signal.SIGUSR1)
            ) as session:
                session.segment(PICTURE_ARRAY)
            self.assertGreater(len(seen), 10)
        finally:
            signal.signal(signal.SIGUSR1, old)

    def test_a_call_within_a_callback(self):
        with fcnswift.Session(
            self.model, progress=lambda _: signal.raise_signal(signal.SIGINT)
        ) as inner, fcnswift.Session(
            self.model, progress=lambda _: inner.segment(PICTURE_ARRAY) is None
        ) as outer, self.assertRaises(KeyboardInterrupt):
            outer.segment(PICTURE_ARRAY)

    def test_other_threads_go_on(self):
        with fcnswift.Session(self.model, threads=1) as session:
            wanted = session.segment(PICTURE_ARRAY)
            results = []
            thread = threading.Thread(
                target=lambda: results.append(session.segment(PICTURE_ARRAY)))
            thread.start()
            thread.join()
            np.testing.assert_array_equal(results[0], wanted)

    def test_ctrl_c_stops_a_training(self):
        folder = Path(FOLDER) / "interrupted"
        params = dict(epochs=2, width=0.05, batch_norm=True, batch_size=2, threads=1)
        with fcnswift.Trainer(DATA, folder, **params) as trainer:
            with self.assertRaises(KeyboardInterrupt):
                trainer.run(lambda e: signal.raise_signal(signal.SIGINT) if e.epoch == 2 else None)
            ends = []
            trainer.run(lambda e: ends.append(e.epoch) if e.event == "epoch" else None)
            self.assertEqual(ends, [2])


def fail(path):
    fcnswift.Model(path)


class ProcessTest(unittest.TestCase):
    def test_errors_are_pickled(self):
        for error in (fcnswift.FCNError(-5, "bad"), fcnswift.FCNError(-99, "of a later release")):
            for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
                self.assertEqual(
                    (type(other), other.status, other.name, str(other)),
                    (fcnswift.FCNError, error.status, error.name, str(error)))

    def test_a_worker_that_fails_tells_its_pool(self):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            with self.assertRaises(fcnswift.FCNError) as caught:
                pool.apply_async(fail, ("/no/such/model",)).get(timeout=60)
        self.assertEqual(caught.exception.name, "NOT_FOUND")

    def test_sessions_are_not_pickled(self):
        with fcnswift.Model(MODEL) as model, fcnswift.Session(model) as session:
            for action in (pickle.dumps, copy.copy, copy.deepcopy):
                with self.assertRaises(TypeError) as caught:
                    action(session)
                self.assertIn("pickled nor copied", str(caught.exception))
                self.assertIn("send its Model", str(caught.exception))


class TrainerParametersTest(unittest.TestCase):
    def test_every_one_is_a_parameter(self):
        fields = {name for name, *_ in TrainerParamsStruct._fields_}
        named = set(inspect.signature(fcnswift.Trainer.__init__).parameters) - {"self"}
        # Explicit weights of classes are class_weights too.
        unnamed = {"struct_size", "class_weight_values", "class_weight_count"}
        unnamed |= {f for f in fields if f.startswith("reserved")}
        self.assertEqual(fields - unnamed, named)

    def test_wrong_ones(self):
        cases = [
            (dict(epochs=2**32 + 1), ValueError), (dict(epochs="3"), TypeError),
            (dict(epochs=1.5), TypeError), (dict(optimizer="adam"), ValueError),
            (dict(learning_rate="fast"), TypeError), (dict(seed=-1), ValueError),
            (dict(architecture="a\0b"), ValueError),
        ]
        for params, error in cases:
            with self.subTest(params), self.assertRaises(error) as caught:
                fcnswift.Trainer(DATA, Path(FOLDER) / "none", **params)
            if "architecture" not in params:
                self.assertIn(next(iter(params)), str(caught.exception))
        self.assertFalse((Path(FOLDER) / "none").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
