"""Compares files that other programs wrote: what the command makes of them with what ONNX Runtime does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

from .cases import SIZES
from .compare import Command, Failure, resized
from .difference import ENDINGS, ROUNDING, Difference, picture

class Input:
    """What pictures go into: how many channels, whether these come last, whether it is bytes, and the rows
    and columns, where the file fixes them."""

    def __init__(self, model: onnx.ModelProto) -> None:
        read = {name for node in model.graph.node for name in node.input}
        weights = {tensor.name for tensor in model.graph.initializer}
        self.unread = [each for each in model.graph.input if each.name not in read | weights]
        [value] = [each for each in model.graph.input if each.name in read - weights]
        extents = [extent.dim_value for extent in value.type.tensor_type.shape.dim]
        self.name = value.name
        self.is_last = extents[3] in (1, 3) and extents[1] not in (1, 3)
        self.channels = extents[3 if self.is_last else 1]
        self.is_bytes = value.type.tensor_type.elem_type == onnx.TensorProto.UINT8
        sides = extents[1:3] if self.is_last else extents[2:4]
        self.size = tuple(sides) if all(sides) else None

    def fed(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """`values`, H×W×C, as ONNX Runtime wants them."""
        values = values.astype(np.uint8 if self.is_bytes else np.float32)
        if not self.is_last:
            values = values.transpose(2, 0, 1)
        fed = {self.name: np.ascontiguousarray(values[None])}
        for each in self.unread:
            extents = [extent.dim_value for extent in each.type.tensor_type.shape.dim]
            fed[each.name] = np.zeros(extents, np.float32)
        return fed


def compare_file(path: Path, command: Command, folder: Path) -> tuple[str, str]:
    """What came of the file ("ok", "rounding", "wrong", "refused", "not compared"), and figures or a
    reason."""
    model = onnx.load(path)
    source = Input(model)
    imported = folder / "model.safetensors"
    preprocessing = [] if source.is_bytes else ["--mean", "0", "--std", "1"]
    try:
        command.run("import", path, "-o", imported, *preprocessing, "--quiet")
        facts = json.loads(command.run("info", imported, "--json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        session = opened(path, options)

        def compared(without: list[str]) -> Difference:
            difference = Difference()
            for seed, size in enumerate([source.size] if source.size else SIZES):
                add_picture(
                    picture(*size, seed), session, source, facts, command, folder, difference, without)
            return difference

        difference = compared([])
        outcome = "ok"
        if not difference.is_small:
            outcome = "rounding" if compared(ROUNDING).is_small else "wrong"
    except Failure as failure:
        return failure.outcome, failure.reason
    scores = "" if difference.difference is None else f"{difference.difference:.0e}, "
    return outcome, f"{scores}{difference.agreement:.4%}"


def opened(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's classes have no common base of their own
        raise Failure(
            "not compared", f"ONNX Runtime does not open it: {str(error).splitlines()[0]}") from None


def add_picture(
    pixels: np.ndarray, session: onnxruntime.InferenceSession, source: Input, facts: dict,
    command: Command, folder: Path, difference: Difference, without: list[str],
) -> None:
    """Adds one picture's difference, as the command computes `without` some of its forms."""
    if source.channels == 1:
        pixels = pixels[:, :, :1].repeat(3, 2)
    height, width = pixels.shape[:2]
    stride = 1 if source.size else facts["stride"]
    rule = facts["preprocessing"]
    values = pixels[:, :, :1] if source.channels == 1 else pixels
    values = (values - np.float32(rule["mean"])) * np.float32(rule["scale"])
    values = np.pad(values, ((0, -height % stride), (0, -width % stride), (0, 0)))
    try:
        wanted = session.run(None, source.fed(values))[0]
    except Exception as error:  # onnxruntime's classes have no common base of their own
        raise Failure(
            "wrong", f"ONNX Runtime cannot take {height}×{width}, padded to multiples of {stride}: "
            f"{str(error).splitlines()[0]}") from None
    files = [folder / name for name in ("picture.png", "scores.npy", "labels.png")]
    Image.fromarray(pixels).save(files[0], compress_level=1)
    command.run(
        "segment", files[0], "--model", folder / "model.safetensors", "--scores", files[1], "--labels",
        files[2], "--quiet", *(word for form in without for word in ("--disable", form)))
    with Image.open(files[2]) as image:
        labels = np.array(image)
    if wanted.ndim == 3:
        difference.add_labels(wanted[0, :height, :width], labels)
        return
    found = np.load(files[1])
    wanted = wanted[0]
    if len(wanted) not in (1, len(found)):
        wanted = wanted.transpose(2, 0, 1)
    wanted = resized(wanted, *values.shape[:2])[:, :height, :width]
    if not np.isfinite(wanted).all():
        raise Failure("wrong", "ONNX Runtime's scores are not finite: this compares nothing")
    if len(wanted) == 1 and len(found) == 2:  # the first of ours always scores 0
        found = found[1:] - found[:1]
        is_probability = wanted.min() >= 0 and wanted.max() <= 1
        wanted_labels = wanted[0] > (0.5 if is_probability else 0)
    else:
        wanted_labels = wanted.argmax(0)
    if found.shape != wanted.shape:
        raise Failure("wrong", f"scores are {found.shape}, wanted {wanted.shape}")
    difference.add_scores(wanted, [ending(found) for ending in ENDINGS])
    difference.add_labels(wanted_labels, labels)
