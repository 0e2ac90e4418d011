"""Graphs in float64, to tell rounding from faults: some graphs, with a normalisation of what hardly
varies for one, make much of the last bits of float32, and each engine rounds in its own way."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with all numbers of float32 as float64."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for value in [*copy.graph.input, *copy.graph.output]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    for node in copy.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
    return copy


class Precise:
    """Takes the place of a session of ONNX Runtime: the graph in float64, by the onnx package's
    reference. `error` is how far ONNX Runtime is from it, as a part of the scores' range."""

    def __init__(self, model: onnx.ModelProto, session: onnxruntime.InferenceSession) -> None:
        self.evaluator = ReferenceEvaluator(widened(model))
        self.session, self.error = session, 0.0

    def run(self, names: None, fed: dict[str, np.ndarray]) -> list[np.ndarray]:
        rounded = self.session.run(names, fed)[-1]
        [(name, values)] = fed.items()
        values = values.astype(np.float64) if values.dtype == np.float32 else values
        outputs = [np.asarray(each) for each in self.evaluator.run(names, {name: values})]
        error = np.abs(outputs[-1] - rounded).max() / (rounded.max() - rounded.min())
        self.error = max(self.error, float(error))
        return outputs
