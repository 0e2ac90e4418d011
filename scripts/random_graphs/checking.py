"""Compares what the library makes of a random graph with what ONNX Runtime makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx_import.difference import ENDINGS, LARGEST_DIFFERENCE, ROUNDING, Difference, picture

from .library import Crash, Library
from .making import Made
from .precise import Precise

#: What a result may be called.
OUTCOMES = ["equal", "wider", "rounding", "refused", "empty", "not run", "wrong", "crashed"]
FAULTS = {"wrong", "crashed"}
#: Those of graphs that were imported and are as they should be.
READ = {"equal", "wider", "rounding"}


@dataclass
class Outcome:
    """One of OUTCOMES, and figures or a reason."""

    kind: str
    text: str = ""
    #: Where only figures are wrong, how far scores are from those wanted.
    difference: float | None = None


def with_scores(made: Made) -> onnx.ModelProto:
    """The graph, of labels with the scores that they are of as a last output: where two classes
    score the same but for rounding, either is right."""
    model = onnx.ModelProto()
    model.CopyFrom(made.model)
    if made.ending == "labels":
        scores = helper.make_tensor_value_info(made.scores, TensorProto.FLOAT, None)
        model.graph.output.append(scores)
    return model


def opened(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def fed(made: Made, values: np.ndarray) -> dict[str, np.ndarray]:
    """`values`, H×W×C, as the graph wants them."""
    values = values.astype(np.uint8 if made.is_bytes else np.float32)
    values = values if made.is_last else values.transpose(2, 0, 1)
    return {"input": np.ascontiguousarray(values[None])}


def says_something(scores: np.ndarray) -> bool:
    """Whether there is anything to compare: where scores are the same everywhere, but for rounding,
    a part of their range is rounding alone."""
    if not np.isfinite(scores).all():
        return False
    largest = float(np.abs(scores).max())
    return largest < 1e5 and float(np.std(scores)) > 1e-3 * max(largest, 1)


def check(made: Made, library: Library, folder: Path) -> Outcome:
    """What comes of the graph."""
    try:
        model = with_scores(made)
        session = opened(model)
        values = picture(*made.size, 0)
        values = values if made.is_bytes else (values - 127) / 64
        if not says_something(session.run(None, fed(made, values))[-1]):
            return Outcome("empty", "its scores hardly vary, or are not finite")
    except Exception as error:  # onnxruntime's classes have no common base of their own
        return Outcome("not run", str(error).splitlines()[0])
    sizes = [made.size]
    if made.is_open:  # a multiple of all that graphs divide by, and odd ones, which are padded
        sizes += [(made.size[0] + 16, made.size[1] + 8), (made.size[0] + 5, made.size[1] + 7)]
    path, results = folder / "model.onnx", folder / "results.npz"
    onnx.save(made.model, path)
    try:
        found = compared(made, session, library, path, results, sizes, [])
        if found.difference is None:
            return found
        again = compared(made, session, library, path, results, sizes, ROUNDING)
        if again.kind in READ:
            text = f"{found.text}; without Winograd's algorithms {again.text}"
            return Outcome("rounding", text)
        try:
            precise = Precise(model, session)
            again = compared(made, precise, library, path, results, sizes, ROUNDING)
        except (NotImplementedError, RuntimeError, TypeError, ValueError):  # of the reference
            return found
        text = f"{found.text}; from float64 {again.text}, ONNX Runtime's {precise.error:.0e}"
        is_rounding = again.kind in READ or precise.error < 1e-2 and (
            again.difference is not None and again.difference < 4 * precise.error)
        return Outcome("rounding" if is_rounding else "wrong", text)
    except Crash as crash:
        return Outcome("crashed", str(crash))


def compared(
    made: Made, session: onnxruntime.InferenceSession | Precise, library: Library, path: Path,
    results: Path, sizes: list[tuple[int, int]], without: list[str],
) -> Outcome:
    """What the library makes of pictures of these sizes `without` some forms of its
    convolutions."""
    reply = library.ask(
        model=str(path), normalise=not made.is_bytes, sizes=sizes, results=str(results),
        without=without)
    if "refused" in reply:
        return Outcome("refused", reply["refused"].splitlines()[0])
    if "failed" in reply:
        return Outcome("wrong", "is imported and does not run: " + reply["failed"].splitlines()[0])
    difference, unrun = Difference(), []
    with np.load(results) as arrays:
        for number, size in enumerate(sizes):
            values = picture(*size, number) - np.float32(reply["mean"])
            values *= np.float32(reply["scale"])
            stride = reply["stride"] if made.is_open else 1
            values = np.pad(values, ((0, -size[0] % stride), (0, -size[1] % stride), (0, 0)))
            try:
                outputs = session.run(None, fed(made, values))
            except Exception:  # as above
                unrun.append("×".join(map(str, values.shape[:2])))
                continue
            if not says_something(outputs[-1]):
                continue
            fault = add(
                difference, made, outputs, arrays[f"scores{number}"], arrays[f"labels{number}"])
            if fault:
                return Outcome("wrong", fault)
    if not difference.pixels:
        return Outcome("empty", "no picture's scores can be compared")
    scores = "" if difference.difference is None else f"{difference.difference:.0e}, "
    text = f"{scores}{difference.agreement:.4%}"
    if not difference.is_small:
        return Outcome("wrong", f"differs: {text}", difference.difference or 0)
    if unrun:
        return Outcome("wider", f"{text}; ONNX Runtime does not run {' and '.join(unrun)}")
    return Outcome("equal", text)


def add(
    difference: Difference, made: Made, outputs: list[np.ndarray], scores: np.ndarray,
    labels: np.ndarray,
) -> str:
    """Adds one picture's difference; returns what keeps it from being told, if anything."""
    height, width = labels.shape
    wanted = outputs[-1][0]
    wanted = wanted.transpose(2, 0, 1) if made.scores_are_last else wanted
    given = outputs[0].reshape(wanted.shape[1:]) if made.ending == "labels" else wanted.argmax(0)
    wanted, given = wanted[:, :height, :width], given[:height, :width]
    span = LARGEST_DIFFERENCE * (wanted.max() - wanted.min())
    if len(wanted) == 1 and len(scores) == 2:  # the first of ours always scores 0
        scores = scores[1:] - scores[:1]
        margins = wanted[0] - (0.5 if made.ending == "sigmoid" else 0)
        given, near = margins > 0, np.abs(margins) <= span
    else:
        if labels.max() >= len(wanted):
            return f"there is a label {labels.max()} of {len(wanted)} classes"
        own = np.take_along_axis(wanted, labels[None].astype(int), 0)[0]
        near = wanted.max(0) - own <= span
    if made.ending != "labels":
        if scores.shape != wanted.shape:
            return f"scores are {scores.shape}; wanted {wanted.shape}"
        with np.errstate(over="ignore"):  # of endings that it does not have
            difference.add_scores(wanted, [ending(scores) for ending in ENDINGS])
    # The nearest of two classes that score the same but for rounding is anyone's.
    difference.add_labels(given, np.where(near, given, labels))
    return ""
