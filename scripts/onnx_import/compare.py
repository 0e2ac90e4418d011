"""Has the command import a file and segment pictures, and ONNX Runtime run the same file on the same
input."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from .cases import SIZES, Case
from .difference import ROUNDING, Difference, picture, softmax
from .exports import widened

#: Seconds that one call of the command may take.
PATIENCE = 600


@dataclass
class Result:
    """What came of a case: "ok", "rounding" (other results, but not without Winograd's algorithms),
    "wrong" (other results, or an imported model that does not run), "refused" (not imported, with a
    message), "crashed" or "not exported" (by PyTorch), and in `reason` why it is not "ok"."""

    case: Case
    outcome: str = "ok"
    reason: str = ""
    nodes: int = 0
    #: Of the scores, as a part of their range, over all pictures.
    difference: float | None = None
    #: Part of all pixels that have the same label.
    agreement: float | None = None
    sizes: list[tuple[int, int]] = field(default_factory=list)


class Failure(Exception):
    """A call of the command that did not succeed."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


class Command:
    def __init__(self, path: str) -> None:
        self.path = path

    def run(self, *words: str | Path) -> str:
        """What the command prints. Raises Failure with its message where it fails."""
        call = [self.path, *map(str, words)]
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure("crashed", f"{words[0]} takes more than {PATIENCE} s") from None
        if done.returncode < 0:
            raise Failure("crashed", f"{words[0]} ends by signal {-done.returncode}")
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            reason = " ".join(lines) or f"fcn {words[0]} says nothing"
            if words[0] == "import":
                reason = reason.removeprefix("fcn import: ").replace(f"{words[1]}: ", "")
            # What was imported must run.
            raise Failure("refused" if words[0] == "import" else "wrong", reason)
        return done.stdout


def prepared(pixels: np.ndarray, preprocessing: dict, stride: int) -> np.ndarray:
    """The network's input: what the model's preprocessing makes, padded to multiples of its stride."""
    assert preprocessing["order"] == "rgb", preprocessing
    values = (pixels - np.float32(preprocessing["mean"])) * np.float32(preprocessing["scale"])
    height, width = pixels.shape[:2]
    values = np.pad(values, ((0, -height % stride), (0, -width % stride), (0, 0)))
    return np.ascontiguousarray(values.astype(np.float32).transpose(2, 0, 1)[None])


def resized(scores: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scores of another size than the input's, brought to it bilinearly."""
    if scores.shape[1:] == (height, width):
        return scores
    import torch

    return torch.nn.functional.interpolate(
        torch.from_numpy(scores[None]), (height, width), mode="bilinear")[0].numpy()


def compare(case: Case, path: Path, command: Command, folder: Path) -> Result:
    """Imports `path`, runs it on three pictures, and tells how near ONNX Runtime's results are."""
    model = widened(path)
    result = Result(case, nodes=len(model.graph.node))
    imported = folder / "model.safetensors"
    try:
        command.run("import", path, "-o", imported, "--preprocessing", "torchvision", "--quiet")
        facts = json.loads(command.run("info", imported, "--json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        result.sizes = [case.fixed_size] * 3 if case.fixed_size else SIZES

        def compared(without: list[str]) -> Difference:
            difference = Difference()
            for seed, size in enumerate(result.sizes):
                compare_picture(
                    case, picture(*size, seed), session, facts, command, folder, difference, without)
            return difference

        difference = compared([])
        result.difference, result.agreement = difference.difference, difference.agreement
        if not difference.is_small:
            result.outcome = "rounding" if compared(ROUNDING).is_small else "wrong"
    except Failure as failure:
        result.outcome, result.reason = failure.outcome, failure.reason
    return result


def compare_picture(
    case: Case, pixels: np.ndarray, session: onnxruntime.InferenceSession, facts: dict,
    command: Command, folder: Path, difference: Difference, without: list[str],
) -> None:
    """Adds one picture's difference, as the command computes `without` some of its forms."""
    source, scores, labels = (folder / name for name in ("picture.png", "scores.npy", "labels.png"))
    Image.fromarray(pixels).save(source, compress_level=1)
    stride = 1 if case.fixed_size else facts["stride"]
    values = prepared(pixels, facts["preprocessing"], stride)
    height, width = pixels.shape[:2]
    try:
        [wanted] = session.run(["scores"], {"input": values})
    except Exception as error:  # onnxruntime's classes have no common base of their own
        raise Failure(
            "wrong", f"ONNX Runtime cannot take what the model's stride of {stride} makes of "
            f"{height}×{width}: {str(error).splitlines()[0]}") from None
    command.run(
        "segment", source, "--model", folder / "model.safetensors", "--scores", scores,
        "--labels", labels, "--quiet", *(word for form in without for word in ("--disable", form)))
    with Image.open(labels) as image:
        found_labels = np.array(image)
    found = np.load(scores)
    if case.head == "argmax":
        difference.add_labels(wanted[0, :height, :width], found_labels)
        return
    wanted = resized(wanted[0], *values.shape[2:])[:, :height, :width]
    if not np.isfinite(wanted).all():
        raise Failure("wrong", "ONNX Runtime's scores are not finite: this compares nothing")
    if case.classes == 1:  # ours has two classes, of which the first always scores 0
        if len(found) != 2:
            raise Failure("wrong", f"{len(found)} classes of a network of one score; wanted 2")
        choices = [found[1:] - found[:1]]
        wanted_labels = wanted[0] > (0.5 if case.head == "sigmoid" else 0)
    else:
        choices = [found]
        wanted_labels = wanted.argmax(0)
    if case.head:  # which the importer may leave to the probabilities
        choices.append(softmax(found)[-len(wanted):])
    if choices[0].shape != wanted.shape:
        raise Failure("wrong", f"scores are {found.shape}, wanted {wanted.shape}")
    difference.add_scores(wanted, choices)
    difference.add_labels(wanted_labels, found_labels)
