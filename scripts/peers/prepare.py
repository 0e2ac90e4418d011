"""Writes the networks as each engine wants them, with pictures and PyTorch's scores of them."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .cases import CLASSES, TRAINED, TRAINING_BATCH, Case, training_data


def tool(name: str) -> str:
    """A program that a Python package brought, beside the interpreter."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"there is no {name}")
    return found


def run(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-800:]
        raise RuntimeError(f"{words[0]} ended with status {done.returncode}: {said}")


def prepared(pictures: np.ndarray, rule: dict) -> np.ndarray:
    """What preprocessing by `rule`, a model file's, makes of pictures: N×3×H×W."""
    size = rule["size"]
    height, width = pictures.shape[1:3]
    assert size == {"rule": "exact", "width": width, "height": height} or (
        size["rule"] == "native"), rule
    values = pictures.astype(np.float32)
    if rule["order"] == "bgr":
        values = values[..., ::-1]
    values = (values - np.float32(rule["mean"])) * np.float32(rule["scale"])
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def preprocessing(model: Path) -> dict:
    from safetensors import safe_open

    with safe_open(model, framework="numpy") as file:
        return json.loads(file.metadata()["fcn.preprocessing"])


class Preparation:
    """Makes what is missing of one case. Files get their names when they are whole, so a
    preparation that was stopped goes on where it was."""

    def __init__(self, case: Case, folder: Path, command: str) -> None:
        self.case, self.folder, self.command = case, folder, command

    def make(self, write: Callable[..., None], *paths: Path) -> None:
        """Has `write` write `paths` unless they are there."""
        if all(path.exists() for path in paths):
            return
        print(f"{' and '.join(path.name for path in paths)} …", flush=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            written = [Path(place) / path.name for path in paths]
            write(*written)
            for new, path in zip(written, paths):
                os.replace(new, path)

    def make_for_peer(self, write: Callable[..., None], *paths: Path) -> None:
        """As make(); but where a peer's tools are missing or fail, the others go on."""
        try:
            self.make(write, *paths)
        except Exception as error:
            print(f"{paths[0].name} is left out: {error}", flush=True)

    def everything(self) -> None:
        case, folder = self.case, self.folder
        self.make(self.write_weights, case.weights(folder))
        if case.imported:
            self.make(self.write_fixed_onnx, case.file(folder, "onnx"))
        self.make(self.write_model, case.model(folder))
        self.make(self.write_pictures, case.file(folder, "pictures.npy"))
        self.make(self.write_input, case.file(folder, "input.npy"))
        self.make(self.write_scores, case.file(folder, "scores.npy"))
        self.make_for_peer(self.write_onnx, case.file(folder, "onnx"))
        self.make(self.write_quantized, case.file(folder, "quantized.safetensors"))
        self.make_for_peer(self.write_int8, case.file(folder, "int8.onnx"))
        self.make_for_peer(self.write_mnn, case.file(folder, "mnn"))
        for half in (False, True):
            write = functools.partial(self.write_ncnn, half)
            self.make_for_peer(write, *case.ncnn(folder, half))

    # MARK: What everybody's files are made of

    def write_weights(self, path: Path) -> None:
        from . import networks

        networks.create(self.case.network, path)

    def write_model(self, path: Path) -> None:
        if self.case.imported:
            run(self.command, "import", self.case.file(self.folder, "onnx"), "-o", path,
                "--preprocessing", "torchvision", "--quiet")
            return
        rule = "caffe" if self.case.network == "fcn8s" else "torchvision"
        run(self.command, "import", self.case.weights(self.folder), "-o", path, "--architecture",
            self.case.network, "--preprocessing", rule, "--quiet")

    def write_quantized(self, path: Path) -> None:
        """Our model with ranges for int8, measured on what write_int8 measures on."""
        from PIL import Image

        with tempfile.TemporaryDirectory() as place:
            for seed in (100, 200):
                for index, picture in enumerate(self.pictures(seed)):
                    Image.fromarray(picture).save(Path(place) / f"{seed + index}.png")
            run(self.command, "quantize", "--model", self.case.model(self.folder), "-o", path,
                "--quiet", place)

    def pictures(self, seed: int) -> np.ndarray:
        from . import networks

        case = self.case
        return np.stack([
            networks.picture(case.height, case.width, seed + index) for index in range(case.batch)])

    def prepared(self, pictures: np.ndarray) -> np.ndarray:
        return prepared(pictures, preprocessing(self.case.model(self.folder)))

    def write_pictures(self, path: Path) -> None:
        np.save(path, self.pictures(seed=0))

    def write_input(self, path: Path) -> None:
        np.save(path, self.prepared(np.load(self.case.file(self.folder, "pictures.npy"))))

    @functools.cached_property
    def values(self) -> np.ndarray:
        return np.load(self.case.file(self.folder, "input.npy"))

    @functools.cached_property
    def network(self):
        from . import networks

        return networks.load(self.case.network, self.case.weights(self.folder))

    def write_scores(self, path: Path) -> None:
        import torch

        with torch.inference_mode():
            np.save(path, self.network(torch.from_numpy(self.values)).numpy())

    # MARK: Peers

    def write_onnx(self, path: Path) -> None:
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self.network, (torch.from_numpy(self.values),), path, opset_version=17,
                dynamo=False, do_constant_folding=True, input_names=["x"], output_names=["y"])
        make_sizes_constant(path, np.load(self.case.file(self.folder, "scores.npy")).shape)

    def write_fixed_onnx(self, path: Path) -> None:
        """The file that we import and the others run, of the case's size."""
        import torch

        values = torch.zeros(self.case.batch, 3, self.case.height, self.case.width)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self.network, (values,), path, opset_version=18, dynamo=True, external_data=False,
                input_names=["x"], output_names=["y"])

    def write_int8(self, path: Path) -> None:
        """Weights by channel, quantised around two other pictures' values."""
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process

        class Reader(quantization.CalibrationDataReader):
            def __init__(self, inputs: list[np.ndarray]) -> None:
                self.left = iter({"x": values} for values in inputs)

            def get_next(self) -> dict | None:
                return next(self.left, None)

        shaped = path.with_suffix(".shaped.onnx")
        quant_pre_process(self.case.file(self.folder, "onnx"), shaped, skip_symbolic_shape=True)
        quantization.quantize_static(
            shaped, path, Reader([self.prepared(self.pictures(seed)) for seed in (100, 200)]),
            quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Relu", "MaxPool", "Add"])

    def write_mnn(self, path: Path) -> None:
        run(tool("mnnconvert"), "-f", "ONNX", "--modelFile", self.case.file(self.folder, "onnx"),
            "--MNNModel", path, "--bizCode", "MNN")

    def write_ncnn(self, half: bool, param: Path, bin: Path) -> None:
        import torch

        values = self.values[:1]
        traced = param.with_name("traced.pt")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.trace(self.network, torch.from_numpy(values), check_trace=False).save(traced)
        others = ("pnnxparam", "pnnxbin", "pnnxpy", "pnnxonnx", "ncnnpy")  # not wanted
        run(tool("pnnx"), traced, f"inputshape=[{','.join(map(str, values.shape))}]",
            f"fp16={int(half)}", f"ncnnparam={param}", f"ncnnbin={bin}",
            *(f"{kind}={param.with_name(kind)}" for kind in others))


def make_sizes_constant(path: Path, shape: tuple[int, ...]) -> None:
    """torch's exporter has the sizes of a Resize computed, which some engines cannot follow."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    resizes = [node for node in graph.node if node.op_type == "Resize"]
    if not resizes:
        return
    [resize] = resizes
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(shape, np.int64), "sizes"))
    resize.input[3] = "sizes"
    while True:
        used = {name for node in graph.node for name in node.input}
        used |= {output.name for output in graph.output}
        unused = [node for node in graph.node if not used & set(node.output)]
        if not unused:
            break
        for node in unused:
            graph.node.remove(node)
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.save(model, path)


def write_training_data(folder: Path) -> None:
    """As many pictures as a step takes, in VOC's layout: every step then learns from all of them,
    and its loss can be compared between engines."""
    from PIL import Image

    from . import networks

    data = training_data(folder)
    split = data / "ImageSets/Segmentation/train.txt"
    if split.exists():
        return
    print(f"{data.name} …", flush=True)
    for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (data / name).mkdir(parents=True, exist_ok=True)
    height, width = TRAINED.height, TRAINED.width
    random = np.random.RandomState(1)
    names = [f"picture{index:02}" for index in range(TRAINING_BATCH)]
    for index, name in enumerate(names):
        pixels = networks.picture(height, width, 300 + index)
        Image.fromarray(pixels).save(data / f"JPEGImages/{name}.png")
        # Squares of one class each; the void between objects as VOC draws it.
        squares = random.choice([*range(CLASSES), 255], (height // 16, width // 16))
        labels = Image.fromarray(np.kron(squares, np.ones((16, 16))).astype(np.uint8), "P")
        labels.putpalette([channel for shade in range(256) for channel in (shade,) * 3])
        labels.save(data / f"SegmentationClass/{name}.png")
    split.write_text("\n".join(names) + "\n")


def prepare(folder: Path, cases: Sequence[Case], command: str) -> None:
    if not shutil.which(command):
        raise SystemExit(f"there is no {command}: run make, or name our command with --fcn")
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        Preparation(case, folder, command).everything()
    if any(case.network == TRAINED.network for case in cases):
        write_training_data(folder)
