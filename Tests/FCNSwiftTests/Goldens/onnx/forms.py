"""Forms that files have, and files that are not to be read, put together node by node."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from writing import case


@case("channels-last", "TensorFlow's order in between: transpositions that cancel", 13)
def channels_last(net):
    x = net.op("Transpose", net.conv("input", 3, 2), perm=[0, 2, 3, 1])
    x = net.op("Mul", net.op("Relu", x), np.float32([0.5, 2]))
    x = net.op("Transpose", net.op("Add", x, net.normal(2)), perm=[0, 3, 1, 2])
    return net.conv(x, 2, 2)


@case("constants", "constants in every form, and weights that nodes compute from them", 13)
def constants(net):
    weight = helper.make_tensor("", TensorProto.FLOAT, [2, 3, 1, 1], net.normal(6))
    packed = net.op("Constant", value=weight)
    factor = net.op("Constant", value_float=0.5)
    shape = net.op("Constant", value_ints=[2, 3, 1, 1])
    filled = net.op("ConstantOfShape", shape, value=helper.make_tensor("", TensorProto.FLOAT, [1], [0.25]))
    weight = net.op("Add", net.op("Mul", packed, factor), filled)
    weight = net.op("Identity", net.op("Cast", weight, to=TensorProto.FLOAT))
    bias = net.op("Squeeze", net.op("Expand", net.op("Constant", value_floats=[0.3]), np.int64([1, 2])),
                  np.int64([0]))
    return net.op("Conv", "input", weight, bias)


@case("half-stored", "weights stored as float16 and cast to float32", 13)
def half_stored(net):
    weight = net.op("Cast", net.normal(2, 3, 3, 3).astype(np.float16), to=TensorProto.FLOAT)
    return net.op("Conv", "input", weight, pads=[1, 1, 1, 1])


@case("old-inputs", "an old file: IR 3, weights are inputs too, numbers in fields of their own", 9)
def old_inputs(net):
    net.ir_version = 3
    net.input_names.append("weights")
    x = net.conv(net.op("Relu", net.conv("input", 3, 4, bias=False)), 4, 2, 1)
    for tensor in net.weights:
        values = numpy_helper.to_array(tensor).ravel()
        tensor.CopyFrom(helper.make_tensor(tensor.name, tensor.data_type, tensor.dims, values))
    return x


@case("batch-open", "a batch of any number", 13)
def batch_open(net):
    net.shape[0] = "batch"
    x = net.conv("input", 3, 2)
    batch = net.op("Slice", net.op("Shape", x), np.int64([0]), np.int64([1]), np.int64([0]))
    sides = net.op("Concat", batch, np.int64([2]), net.sides(x), axis=0)
    return net.op("Reshape", net.op("Relu", x), sides)


@case("unused", "a node whose result nobody takes, and a weight too", 13)
def unused(net):
    net.op("Tan", "input")
    net.name(net.normal(3), "nobody")
    return net.conv("input", 3, 2)


@case("two-outputs-nested", "two outputs of one layer and of one before it", 13)
def two_outputs(net):
    x = net.conv("input", 3, 2)
    return net.conv(net.op("Relu", x), 2, 2), x


@case("branches", "a choice between two graphs that a constant makes", 13)
def branches(net):
    return net.op("Mul", net.conv("input", 3, 2), chosen(net, np.bool_(True)))


# What is not to be read


def refused(name, shows, because, opset=13):
    return case(f"refused-{name}", shows, opset, because=because)


@refused("operation", "an operation that no convolutional network has", "NonZero")
def refused_operation(net):
    net.output_type = TensorProto.INT64
    return net.op("NonZero", net.conv("input", 3, 2))


@refused("domain", "an operation of somebody's own", "com.example")
def refused_domain(net):
    return net.op("Wavelet", net.conv("input", 3, 2), domain="com.example", levels=3)


@refused("optimised", "a convolution that ONNX Runtime's optimiser made of two nodes", "basic level")
def refused_optimised(net):
    return net.op("FusedConv", "input", net.normal(2, 3, 3, 3), domain="com.microsoft",
                  activation="Relu", pads=[1, 1, 1, 1])


@refused("quantised", "a picture that becomes bytes", "was quantised")
def refused_quantised(net):
    scale, zero = np.float32([0.1]), np.uint8([128])
    x = net.op("QuantizeLinear", "input", scale, zero)
    return net.conv(net.op("DequantizeLinear", x, scale, zero), 3, 2)


@refused("weights", "a convolution whose weights are computed from the picture", "Conv")
def refused_weights(net):
    weight = net.op("Reshape", net.op("GlobalAveragePool", "input"), np.int64([1, 3, 1, 1]))
    return net.op("Conv", "input", weight)


@refused("three-axes", "a convolution of rows alone", "axes")
def refused_dimensions(net):
    net.shape = [1, 3, None]
    return net.op("Conv", "input", net.normal(2, 3, 3))


def chosen(net, condition):
    branches = []
    for value in (0.5, 2.0):
        tensor = helper.make_tensor("", TensorProto.FLOAT, [], [value])
        node = helper.make_node("Constant", [], ["b"], value=tensor)
        output = helper.make_tensor_value_info("b", TensorProto.FLOAT, [])
        branches.append(helper.make_graph([node], "branch", [], [output]))
    return net.op("If", condition, then_branch=branches[0], else_branch=branches[1])


@refused("branches", "a choice between two graphs by what the picture holds", "comparisons are read")
def refused_branches(net):
    x = net.conv("input", 3, 2)
    condition = net.op("Less", net.op("ReduceMean", x, keepdims=0), np.float32(0))
    return net.op("Mul", x, chosen(net, condition))


@refused("size-branches", "a choice by the size of the picture", "other sizes")
def refused_size_branches(net):
    x = net.conv("input", 3, 2)
    rows = net.op("Gather", net.op("Shape", x), np.int64(2), axis=0)
    return net.op("Mul", x, chosen(net, net.op("Less", rows, np.int64(300))))
