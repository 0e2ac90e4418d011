"""Files as people make them with PyTorch's two exporters."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper

from .cases import Case
from .networks import build

#: Of the example that is traced where sizes are left open. Exporters take 1 and 0 for constants.
TRACED_SIZE = (160, 224)


def export(case: Case, path: Path) -> None:
    """Writes the file of `case`, its external data beside it."""
    network = build(case)
    size = case.fixed_size or TRACED_SIZE
    example = torch.randn(2 if case.sizes == "batch" else 1, 3, *size)
    if case.half == "network":
        network, example = network.half(), example.half()
    outputs = ["scores", "auxiliary"] if case.auxiliary else ["scores"]
    options = {
        "opset_version": case.opset, "input_names": ["input"], "output_names": outputs,
        "external_data": False}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        (export_ts if case.exporter == "ts" else export_dynamo)(case, network, example, path, options)
    if case.half == "weights":
        narrow(path)
    if case.external:
        model = onnx.load(path)
        onnx.save_model(
            model, path, save_as_external_data=True, location=path.name + ".data", size_threshold=1024)


def export_ts(case: Case, network, example, path: Path, options: dict) -> None:
    axes = {"sizes": {2: "height", 3: "width"}, "batch": {0: "batch", 2: "height", 3: "width"}}
    if not case.fixed_size:
        options["dynamic_axes"] = {
            name: axes[case.sizes] if case.head != "argmax" or name == "input"
            else {1: "height", 2: "width"}
            for name in ["input", *options["output_names"]]}
    if case.raw:
        options["do_constant_folding"] = False
        options["training"] = torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(network, (example,), path, dynamo=False, **options)


def export_dynamo(case: Case, network, example, path: Path, options: dict) -> None:
    if not case.fixed_size:
        free = torch.export.Dim.DYNAMIC
        options["dynamic_shapes"] = ({
            "sizes": {2: free, 3: free}, "batch": {0: free, 2: free, 3: free}}[case.sizes],)
    torch.onnx.export(
        network, (example,), path, dynamo=True, optimize=not case.raw, verbose=False, **options)


def narrow(path: Path) -> None:
    """Makes weights and values between layers float16, inputs and outputs as they were."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(onnx.load(path), keep_io_types=True)
    onnx.save_model(model, path)


def widened(path: Path) -> onnx.ModelProto:
    """The file's network in float32, its weights as the file rounds them: what an engine that
    computes in float32 makes of it."""
    model = onnx.load(path)
    for graph in graphs_of(model.graph):
        for tensor in graph.initializer:
            widen(tensor)
        for value in [*graph.input, *graph.output, *graph.value_info]:
            if value.type.tensor_type.elem_type == TensorProto.FLOAT16:
                value.type.tensor_type.elem_type = TensorProto.FLOAT
        for node in graph.node:
            for attribute in node.attribute:
                widen(attribute.t)
                if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT16:
                    attribute.i = TensorProto.FLOAT
    return model


def graphs_of(graph: onnx.GraphProto):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs_of(attribute.g)


def widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT16:
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
