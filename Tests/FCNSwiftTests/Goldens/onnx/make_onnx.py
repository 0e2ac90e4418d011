#!/usr/bin/env python3
"""Makes the ONNX files here, and onnx.safetensors: what ONNX Runtime computes of each.

    pip install torch numpy safetensors onnx onnxscript onnxruntime && python3 make_onnx.py

Each file is a tiny network that holds one thing that exporters write: those of exported.py come from
PyTorch's two exporters, those of the other scripts are put together node by node. onnx.json lists them:
name, opset, sizes (rows and columns), outputs if there are several, and what the file shows. An input of
H×W pixels is the tensor input/HxW, of one channel grey/HxW; every value is (byte - 128) / 64, so that
pictures of bytes can stand for them. A result is RESULT/HxW, or RESULT/HxW/OUTPUT where a file has
several outputs: files of the same network in several forms share one. Where `multiple` is above 1, ONNX
Runtime got the input with zeros below and at the right up to a multiple of that, and the result is
cropped back. Pictures and results with channels last are turned; where `bytes` is true, ONNX Runtime got
the bytes. Labels (argmax) are stored as floats. Of float16 files the results are float32's with the
file's weights. Files named refused-… are not to be read: `because` is a word that the message must have.
"""

import json
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, numpy_helper
from safetensors.numpy import save_file

import exported
import forms  # noqa: F401
import grouped  # noqa: F401
import resized  # noqa: F401
import tensorflow  # noqa: F401
import written  # noqa: F401
import writing

HERE = pathlib.Path(__file__).parent

tensors = {}
manifest = []


def picture(height, width, channels=3):
    name = f"{'input' if channels == 3 else 'grey'}/{height}x{width}"
    random = np.random.RandomState(height * 1000 + width)
    values = random.randint(0, 256, (1, channels, height, width))
    tensors[name] = ((values - 128) / 64).astype(np.float32)
    return tensors[name]


def stripped(model):
    """Without names of the exporter's machine, and without what nobody reads."""
    for owner in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output,
                  *model.graph.initializer):
        del owner.metadata_props[:]
        owner.ClearField("doc_string")
    del model.graph.value_info[:]
    return model


def widened(model):
    """In float32, with the weights as the file rounds them."""
    def widen(tensor):
        if tensor.data_type == TensorProto.FLOAT16:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))

    for tensor in model.graph.initializer:
        widen(tensor)
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT16:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for node in model.graph.node:
        for attribute in node.attribute:
            widen(attribute.t)
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT16:
                attribute.i = TensorProto.FLOAT
    return model


def results(model, case):
    """What ONNX Runtime computes, by name of output, for each size. Without its rewriting of graphs,
    which rounds otherwise."""
    channels, multiple = case.get("channels", 3), case.get("multiple", 1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    name, *unread = (each.name for each in session.get_inputs())
    for height, width in case["sizes"]:
        values = picture(height, width, channels)
        values = np.pad(
            values, ((0, 0), (0, 0), (0, -height % multiple), (0, -width % multiple)))
        if case.get("bytes"):
            values = (values * 64 + 128).astype(np.uint8)
        if case.get("last"):
            values = values.transpose(0, 2, 3, 1)
        fed = {name: values, **{each: np.zeros(1, np.float32) for each in unread}}
        found = dict(zip(outputs, session.run(None, fed)))
        if case.get("last"):
            found = {key: value.transpose(0, 3, 1, 2) for key, value in found.items()}
        if multiple > 1:
            found = {key: value[..., :height, :width] for key, value in found.items()}
        yield (height, width), found


def store(case, model):
    name = case["name"]
    path = HERE / f"{name}.onnx"
    entry = {
        "name": name, "opset": model.opset_import[0].version, "shows": case["shows"]}
    if case.get("external"):
        onnx.save_model(
            model, path, save_as_external_data=True, location=f"{name}.data", size_threshold=64)
        model = onnx.load(path)
    else:
        path.write_bytes(model.SerializeToString())
    if case.get("because"):
        manifest.append({**entry, "because": case["because"]})
        return
    channels, multiple = case.get("channels", 3), case.get("multiple", 1)
    entry["result"] = case["result"]
    if len(model.graph.output) > 1:
        entry["outputs"] = [output.name for output in model.graph.output]
    entry["sizes"] = [list(size) for size in case["sizes"]]
    if channels != 3:
        entry["channels"] = channels
    if multiple != 1:
        entry["multiple"] = multiple
    if case.get("bytes"):
        entry["bytes"] = True
    for (height, width), found in results(widened(model), case):
        for output, values in found.items():
            values = np.ascontiguousarray(values.astype(np.float32))
            assert np.isfinite(values).all() and values.std() > 0, (name, output)
            suffix = f"/{output}" if len(found) > 1 else ""
            key = f"{case['result']}/{height}x{width}{suffix}"
            known = tensors.setdefault(key, values)
            assert np.abs(values - known).max() <= 1e-5 * np.ptp(known), (name, key)
    manifest.append(entry)


def main():
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for path in [*HERE.glob("*.onnx"), *HERE.glob("*.data")]:
        path.unlink()
    for case in [*exported.CASES, *writing.CASES]:
        model = stripped(case["make"]())
        if not case.get("because"):
            onnx.checker.check_model(model)
        size = len(model.SerializeToString())
        assert size <= 8192, f"{case['name']}: {size} bytes"
        store(case, model)
    save_file(tensors, HERE / "onnx.safetensors")
    (HERE / "onnx.safetensors").chmod(0o644)
    lines = (
        json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in manifest)
    (HERE / "onnx.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    total = sum(path.stat().st_size for path in HERE.iterdir() if path.suffix not in ("", ".py"))
    print(f"{len(manifest)} files, {total // 1000} kB")


if __name__ == "__main__":
    main()
