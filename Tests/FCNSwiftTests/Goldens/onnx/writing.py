"""Puts ONNX files together node by node."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = (9, 13)
CASES = []


def case(name, shows, *opsets, **options):
    """A file of each opset, of what the decorated function does with a Net."""
    def add(make):
        for opset in opsets:
            def written(opset=opset):
                net = Net(opset, name, options.get("channels", 3))
                return net.model(make(net))

            CASES.append({
                "name": f"{name}-opset{opset}" if len(opsets) > 1 else name, "result": name,
                "shows": shows, "make": written, "sizes": [options.get("size", SIZE)], **options})
        return make
    return add


class Net:
    """A graph that grows: each operation returns its output's name. Arrays among its inputs become
    initializers."""

    def __init__(self, opset, name, channels=3):
        self.opset, self.channels = opset, channels
        self.random = np.random.RandomState(sum(name.encode()))
        self.nodes, self.weights, self.count = [], [], 0
        self.input_names = ["input"]
        #: Extents of the input, None for those that are left open.
        self.shape = [1, channels, None, None]
        self.ir_version = None
        self.input_type = self.output_type = TensorProto.FLOAT
        #: Inputs that are listed and that no node reads.
        self.unread = []

    def name(self, value, what):
        if isinstance(value, str):
            return value
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        self.weights.append(numpy_helper.from_array(array, f"{what}_{len(self.weights)}"))
        return self.weights[-1].name

    def op(self, operation, *inputs, outputs=1, domain="", **attributes):
        number = len(self.nodes)
        names = [self.name(value, f"c{number}") for value in inputs]
        made = [f"v{number}" if i == 0 else f"v{number}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(
            operation, names, made, name=f"{operation.lower()}{number}", domain=domain, **attributes))
        return made[0] if outputs == 1 else made

    def normal(self, *shape, deviation=1.0):
        return (deviation * self.random.standard_normal(shape)).astype(np.float32)

    def conv(self, x, inputs, outputs, kernel=3, bias=True, **attributes):
        """Padded so that stride 1 keeps the size, unless `pads` or `auto_pad` say otherwise."""
        if "auto_pad" not in attributes:
            attributes.setdefault("pads", [kernel // 2] * 4)
        groups = attributes.get("group", 1)
        fan_in = inputs // groups * kernel * kernel
        weight = self.normal(outputs, inputs // groups, kernel, kernel, deviation=fan_in**-0.5)
        extra = [self.normal(outputs)] if bias else []
        return self.op("Conv", x, weight, *extra, kernel_shape=[kernel] * 2, **attributes)

    def sides(self, x):
        """Rows and columns of a layer, as the graph computes them."""
        return self.slice(self.op("Shape", x), 2, 4)

    def slice(self, x, start, end):
        if self.opset < 10:
            return self.op("Slice", x, starts=[start], ends=[end], axes=[0])
        return self.op("Slice", x, np.int64([start]), np.int64([end]), np.int64([0]))

    def whole(self, x):
        """A layer of another size, brought to the input's."""
        if self.opset > 10:
            sizes = self.op("Concat", np.int64([1, 2]), self.sides("input"), axis=0)
            return self.op("Resize", x, np.float32([]), np.float32([]), sizes, mode="linear")
        wanted, given = (
            self.op("Cast", self.sides(name), to=TensorProto.FLOAT) for name in ("input", x))
        factors = self.op("Concat", np.float32([1, 1]), self.op("Div", wanted, given), axis=0)
        operation = "Upsample" if self.opset < 10 else "Resize"
        return self.op(operation, x, factors, mode="linear")

    def model(self, outputs):
        outputs = [outputs] if isinstance(outputs, str) else outputs
        names = ["scores", "auxiliary"][: len(outputs)]
        for node in self.nodes:
            for names_of in (node.input, node.output):
                for i, value in enumerate(names_of):
                    if value in outputs:
                        names_of[i] = names[outputs.index(value)]
        extents = [extent or ("batch", "rows", "height", "width")[i] for i, extent in enumerate(self.shape)]
        inputs = [
            helper.make_tensor_value_info("input", self.input_type, extents),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in self.unread)]
        if "weights" in self.input_names:
            inputs += [
                helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
                for weight in self.weights]
        graph = helper.make_graph(
            self.nodes, "net", inputs,
            [helper.make_tensor_value_info(name, self.output_type, [None] * 4) for name in names],
            self.weights)
        domains = {node.domain for node in self.nodes} - {""}
        model = helper.make_model(graph, opset_imports=[
            helper.make_opsetid("", self.opset), *(helper.make_opsetid(name, 1) for name in domains)])
        model.ir_version = self.ir_version or (8 if self.opset < 19 else 10)
        return onnx.ModelProto.FromString(model.SerializeToString())
