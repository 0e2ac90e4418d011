"""The engines, and the modes that they are run in.

Each is imported by start(), so that what the library costs can be told from what the network costs.
The peers go from a float tensor to scores; ours from the picture's bytes to labels, which is more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from . import machine
from .cases import ROOT, Case


@dataclass
class Task:
    """What an engine is to do."""

    case: Case
    folder: Path
    threads: int
    #: N×height×width×3 bytes: our input.
    pictures: np.ndarray
    #: N×3×height×width floats: theirs.
    values: np.ndarray


class Engine:
    """One engine in one mode."""

    package: str

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def start(self, case: Case, threads: int) -> None:
        """Imports all that running `case` takes."""
        raise NotImplementedError

    def version(self) -> str:
        return metadata.version(self.package)

    def load(self, task: Task) -> Callable[[], Any]:
        """Gets the network ready; what it returns runs it once."""
        raise NotImplementedError

    def results(self, output: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Labels and scores out of what a run returned."""
        scores = np.asarray(output, np.float32).reshape(shape)
        return scores.argmax(1), scores


class PyTorch(Engine):
    """Modes: as it comes; channels_last; compile, which folds, fuses and packs; autocast, where it
    chooses what is bfloat16; bfloat16, all of it and channels-last."""

    package = "torch"

    def start(self, case: Case, threads: int) -> None:
        import torch

        from . import networks

        if case.imported:
            import onnx_import.networks  # noqa: F401
        if case.network.startswith("fcn-resnet"):
            networks.fcn_family.import_torchvision()
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)

    def load(self, task: Task) -> Callable[[], Any]:
        import torch

        from . import networks

        network = networks.load(task.case.network, task.case.weights(task.folder))
        values = torch.from_numpy(task.values)
        if self.mode in ("channels_last", "bfloat16"):
            network = network.to(memory_format=torch.channels_last)
            values = values.contiguous(memory_format=torch.channels_last)
        if self.mode == "bfloat16":
            network = network.to(torch.bfloat16)
        if self.mode == "compile":
            import torch._inductor.config

            torch._inductor.config.freezing = True
            network = torch.compile(network)
        # Frozen graphs are refused in inference mode.
        quietly = torch.no_grad if self.mode == "compile" else torch.inference_mode

        def run() -> np.ndarray:
            with quietly(), torch.autocast("cpu", torch.bfloat16, self.mode == "autocast"):
                given = values.to(torch.bfloat16) if self.mode == "bfloat16" else values
                return network(given).float().numpy()

        return run


class ONNXRuntime(Engine):
    """Modes: the file's own numbers, or int8."""

    package = "onnxruntime"

    def start(self, case: Case, threads: int) -> None:
        import onnxruntime  # noqa: F401

    def load(self, task: Task) -> Callable[[], Any]:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = task.threads, 1
        session = onnxruntime.InferenceSession(
            str(onnx_file(task, self.mode)), options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"x": task.values})[0]


class OpenVINO(Engine):
    """Modes: float32; default, which is bfloat16 where the processor has it; int8."""

    package = "openvino"

    def start(self, case: Case, threads: int) -> None:
        import openvino  # noqa: F401

    def load(self, task: Task) -> Callable[[], Any]:
        import openvino

        settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1",
                    "INFERENCE_NUM_THREADS": task.threads}
        if self.mode == "float32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        compiled = openvino.Core().compile_model(str(onnx_file(task, self.mode)), "CPU", settings)
        request = compiled.create_infer_request()

        def run() -> np.ndarray:
            request.infer({0: task.values}, share_inputs=True)
            return request.get_output_tensor(0).data

        return run


class NCNN(Engine):
    """Modes: float32; default, with weights half as wide; bfloat16. A batch is one picture after
    another, for it knows no other."""

    package = "ncnn"

    def start(self, case: Case, threads: int) -> None:
        import ncnn  # noqa: F401

    def load(self, task: Task) -> Callable[[], Any]:
        import ncnn

        net = ncnn.Net()
        net.opt.num_threads = task.threads
        net.opt.use_vulkan_compute = False
        if self.mode != "default":
            for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
                setattr(net.opt, name, False)
            for name in ("use_bf16_storage", "use_bf16_packed"):
                if hasattr(net.opt, name):
                    setattr(net.opt, name, self.mode == "bfloat16")
        param, weights = task.case.ncnn(task.folder, half=self.mode != "float32")
        if net.load_param(str(param)) or net.load_model(str(weights)):
            raise RuntimeError(f"{param} was not loaded")

        def run_one(values: np.ndarray) -> np.ndarray:
            extractor = net.create_extractor()
            extractor.input("in0", ncnn.Mat(values))
            status, output = extractor.extract("out0")
            if status:
                raise RuntimeError(f"the extractor's status is {status}")
            return np.asarray(output)

        return lambda: [run_one(values) for values in task.values]


class MNN(Engine):
    """Modes: its precisions, of which high is float32."""

    package = "mnn"

    def start(self, case: Case, threads: int) -> None:
        import MNN.expr  # noqa: F401
        import MNN.nn  # noqa: F401

    def load(self, task: Task) -> Callable[[], Any]:
        import MNN
        import MNN.expr as expr

        settings = {"backend": "CPU", "numThread": task.threads, "precision": self.mode}
        runtime = MNN.nn.create_runtime_manager((settings,))
        module = MNN.nn.load_module_from_file(
            str(task.case.file(task.folder, "mnn")), ["x"], ["y"], runtime_manager=runtime)
        self.kept = runtime

        def run() -> np.ndarray:
            values = expr.const(
                task.values.ravel(), list(task.values.shape), expr.data_format.NCHW,
                expr.dtype.float)
            output = module.forward([expr.convert(values, expr.data_format.NC4HW4)])
            output = output[0] if isinstance(output, (list, tuple)) else output
            return expr.convert(output, expr.data_format.NCHW).read()

        return run


class OpenCV(Engine):
    """OpenCV's dnn module, its new engine where it has several."""

    package = "opencv-python-headless"

    def start(self, case: Case, threads: int) -> None:
        import cv2  # noqa: F401

    def version(self) -> str:
        import cv2

        return cv2.__version__

    def load(self, task: Task) -> Callable[[], Any]:
        import cv2

        cv2.setNumThreads(task.threads)
        engine = [cv2.dnn.ENGINE_NEW] if hasattr(cv2.dnn, "ENGINE_NEW") else []
        net = cv2.dnn.readNetFromONNX(str(onnx_file(task, "")), *engine)
        net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)

        def run() -> np.ndarray:
            net.setInput(task.values)
            return net.forward()

        return run


class FCN(Engine):
    """Ours, through the C library. Modes: a precision, and an instruction set that FCN_CPU can name,
    joined by _; either may be left out."""

    def start(self, case: Case, threads: int) -> None:
        parts = set(self.mode.split("_")) - {""}
        precisions = {"int16", "int8", "bfloat16"}
        self.precision = next(iter(parts & precisions), "float32")
        for name in parts - precisions:
            os.environ["FCN_CPU"] = name
        sys.path.insert(0, str(ROOT / "python"))
        import fcnswift  # noqa: F401

    def version(self) -> str:
        import fcnswift

        return fcnswift.version()

    def load(self, task: Task) -> Callable[[], Any]:
        import fcnswift

        quantized = self.precision == "int8"
        self.model = fcnswift.Model(
            task.case.file(task.folder, "quantized.safetensors") if quantized
            else task.case.model(task.folder))
        self.session = fcnswift.Session(
            self.model, threads=task.threads, largest_batch=task.case.batch,
            precision=self.precision)
        pictures = list(task.pictures)
        return lambda: self.session.segment_all(pictures)

    def results(self, output: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        scores = [self.session.scores(index) for index in range(len(output))]
        return np.stack(output), np.stack(scores).reshape(shape)


def onnx_file(task: Task, mode: str) -> Path:
    return task.case.file(task.folder, "int8.onnx" if mode == "int8" else "onnx")


@dataclass(frozen=True)
class Peer:
    """How a peer's mode is spelled on the command line."""

    kind: type[Engine]
    mode: str
    #: The module that must be there.
    module: str
    #: Whether it computes in float32 throughout, as we do.
    float32: bool = False
    #: Whether it is run where no engines are named, and whether only where the processor has
    #: bfloat16: PyTorch without takes a hundred times as long.
    usual: bool = True
    needs_bfloat16: bool = False


PEERS = {
    "torch": Peer(PyTorch, "", "torch", float32=True),
    "torch_cl": Peer(PyTorch, "channels_last", "torch", float32=True),
    "torch_compile": Peer(PyTorch, "compile", "torch", float32=True),
    "torch_bf16": Peer(PyTorch, "autocast", "torch", needs_bfloat16=True),
    "torch_bf16_cl": Peer(PyTorch, "bfloat16", "torch", needs_bfloat16=True),
    "ort": Peer(ONNXRuntime, "", "onnxruntime", float32=True),
    "ort_int8": Peer(ONNXRuntime, "int8", "onnxruntime"),
    "ov_f32": Peer(OpenVINO, "float32", "openvino", float32=True),
    "ov_default": Peer(OpenVINO, "default", "openvino"),
    "ov_int8": Peer(OpenVINO, "int8", "openvino"),
    "ncnn_f32": Peer(NCNN, "float32", "ncnn", float32=True),
    "ncnn_default": Peer(NCNN, "default", "ncnn"),
    "ncnn_bf16": Peer(NCNN, "bfloat16", "ncnn"),
    "mnn_high": Peer(MNN, "high", "MNN", float32=True),
    "mnn_normal": Peer(MNN, "normal", "MNN", usual=False),
    "mnn_low": Peer(MNN, "low", "MNN", usual=False),
    "opencv": Peer(OpenCV, "", "cv2", float32=True),
}


def is_ours(name: str) -> bool:
    """`fcn`, or `fcn_` and a precision, what FCN_CPU shall be, or both."""
    return name == "fcn" or name.startswith("fcn_")


def make(name: str) -> Engine:
    return FCN(name[4:]) if is_ours(name) else PEERS[name].kind(PEERS[name].mode)


def usual() -> list[str]:
    """Ours, and the peers that are installed and suit the processor."""
    return ["fcn"] + [
        name for name, peer in PEERS.items()
        if peer.usual and util.find_spec(peer.module)
        and (machine.has_bfloat16() or not peer.needs_bfloat16)]
