"""What TensorFlow's and Keras's networks look like as tf2onnx writes them, and Paddle's: pictures as
N×H×W×C, put together node by node."""

import numpy as np
from onnx import TensorProto, helper

from writing import case


def last(net, channels=3):
    net.shape = [None, None, None, channels]
    return "input"


@case("input-last", "pictures with channels last, normalised before they are turned; an input that nobody "
      "reads", 13, last=True)
def input_last(net):
    net.unread.append("left_over")
    x = net.op("Sub", net.op("Mul", last(net), np.float32(1 / 127.5)), np.float32([1]))
    x = net.op("Transpose", x, perm=[0, 3, 1, 2])
    x = net.op("Relu", net.conv(x, 3, 4))
    return net.op("Transpose", net.conv(x, 4, 2, 1), perm=[0, 2, 3, 1])


@case("input-last-swapped", "the same with the colours in the other order", 13, last=True)
def input_last_swapped(net):
    x = last(net)
    parts = [net.op("Slice", x, np.int64([i]), np.int64([i + 1]), np.int64([3])) for i in (2, 1, 0)]
    x = net.op("Add", net.op("Concat", *parts, axis=3), net.normal(1, 1, 1, 3))
    x = net.conv(net.op("Transpose", x, perm=[0, 3, 1, 2]), 3, 2)
    return net.op("Transpose", x, perm=[0, 2, 3, 1])


@case("input-last-grey", "one channel, which a reshape moves", 13, last=True, channels=1)
def input_last_grey(net):
    x = net.op("Unsqueeze", last(net, 1), np.int64([0]))
    x = net.conv(net.op("Reshape", x, np.int64([-1, 1, 0, 0])), 1, 2)
    return net.op("Transpose", x, perm=[0, 2, 3, 1])


@case("input-bytes", "pictures of bytes that the graph makes floats of", 13, bytes=True)
def input_bytes(net):
    net.input_type = TensorProto.UINT8
    x = net.op("Cast", "input", to=TensorProto.FLOAT)
    return net.conv(net.op("Div", x, np.float32(255)), 3, 2)


@case("repeated-lines", "rows, then columns, each twice, as UpSampling2D is written", 13)
def repeated_lines(net):
    x = net.conv("input", 3, 4, strides=[2, 2])
    for axis, count in ((2, 2), (3, 3)):
        sides = net.op("Shape", x)
        times = np.int64([count if i == axis else 1 for i in range(4)])
        x = net.op("Unsqueeze", x, np.int64([axis + 1]))
        x = net.op("Tile", x, np.int64([count if i == axis + 1 else 1 for i in range(5)]))
        x = net.op("Reshape", x, net.op("Mul", sides, times))
    return net.whole(net.conv(x, 4, 2))


@case("repeated-squares", "each pixel as a square of four, of an Expand", 13)
def repeated_squares(net):
    x = net.conv("input", 3, 4, strides=[2, 2])
    sides = net.op("Shape", x)
    rows, columns = (net.slice(sides, i, i + 1) for i in (2, 3))
    one, two, four = (np.int64([n]) for n in (1, 2, 4))
    x = net.op("Unsqueeze", x, np.int64([3, 5]))
    x = net.op("Expand", x, net.op("Concat", one, four, rows, two, columns, two, axis=0))
    x = net.op("Reshape", x, net.op("Mul", sides, np.int64([1, 1, 2, 2])))
    return net.whole(net.conv(x, 4, 2))


@case("padded-channels", "zeros behind and before the channels, as shortcuts without weights have them", 13)
def padded_channels(net):
    x = net.op("Relu", net.conv("input", 3, 4))
    nothing = net.op("ConstantOfShape", np.int64([0]),
                     value=helper.make_tensor("", TensorProto.INT64, [1], [0]))
    pads = net.op("Concat", np.int64([0, 1, 0, 0, 0, 3, 0, 0]), nothing, axis=0)
    return net.conv(net.op("Add", net.op("Pad", x, pads), net.conv(x, 4, 8)), 8, 2)


@case("attention-and-zero", "products of pixels to which 0 is added, as Paddle's exporter scales", 13)
def attention_and_zero(net):
    def pixels(x, channels):
        return net.op("Reshape", x, np.int64([1, channels, -1]))

    query = net.op("Transpose", pixels(net.conv("input", 3, 4), 4), perm=[0, 2, 1])
    products = net.op("MatMul", query, pixels(net.conv("input", 3, 4), 4))
    products = net.op("Add", net.op("Mul", products, np.float32([0.5])), np.float32(0))
    value = net.op("Transpose", pixels(net.conv("input", 3, 2), 2), perm=[0, 2, 1])
    x = net.op("MatMul", net.op("Softmax", products, axis=-1), value)
    x = net.op("Transpose", x, perm=[0, 2, 1])
    return net.op("Reshape", x, net.op("Concat", np.int64([1, 2]), net.sides("input"), axis=0))


@case("refused-bytes", "bytes that the graph computes with", 13, because="with the bytes")
def refused_bytes(net):
    net.input_type = TensorProto.UINT8
    x = net.op("Add", "input", np.uint8([200]))
    return net.conv(net.op("Cast", x, to=TensorProto.FLOAT), 3, 2)


@case("refused-extension", "an operation of TensorFlow's own, with settings that are no text", 13,
      because="StatefulPartitionedCall")
def refused_extension(net):
    x = net.op("StatefulPartitionedCall", "input", config=b"\n\xff\x00")
    return net.conv(x, 3, 2)


@case("refused-sizes", "sizes of one picture in a graph that says it takes any", 13,
      because="of the picture that it was exported with")
def refused_sizes(net):
    x = net.op("Relu", net.conv("input", 3, 4))
    small = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    large = net.op("Resize", small, np.float32([]), np.float32([]), np.int64([1, 4, 32, 32]), mode="linear")
    return net.conv(net.op("Concat", x, large, axis=1), 8, 2)


@case("space-to-batch", "a dilated convolution as TensorFlow Lite has it: pixels in squares become "
      "pictures", 13)
def space_to_batch(net):
    net.shape = [1, 3, 9, 13]
    x = net.op("Relu", net.conv("input", 3, 4))
    y = net.op("Pad", x, np.int64([0, 0, 3, 3, 0, 0, 3, 5]))
    y = net.op("SpaceToDepth", net.op("Transpose", y, perm=[1, 0, 2, 3]), blocksize=3)
    y = net.conv(net.op("Transpose", y, perm=[1, 0, 2, 3]), 4, 6, pads=[0, 0, 0, 0])
    y = net.op("DepthToSpace", net.op("Transpose", y, perm=[1, 0, 2, 3]), blocksize=3)
    y = net.op("Transpose", y, perm=[1, 0, 2, 3])
    y = net.op("Slice", y, np.int64([0, 0]), np.int64([9, 13]), np.int64([2, 3]))
    return net.conv(y, 6, 2)


@case("prelu-last", "slopes of channels that come last", 13)
def prelu_last(net):
    x = net.op("Transpose", net.conv("input", 3, 4), perm=[0, 2, 3, 1])
    x = net.op("PRelu", x, net.normal(1, 1, 4))
    return net.conv(net.op("Transpose", x, perm=[0, 3, 1, 2]), 4, 2)


@case("pad-last", "rows and columns added to a value with channels last", 13)
def pad_last(net):
    x = net.op("Transpose", net.conv("input", 3, 4), perm=[0, 2, 3, 1])
    x = net.op("Pad", x, np.int64([0, 1, 2, 0, 0, 1, 0, 0]), mode="reflect")
    return net.conv(net.op("Transpose", x, perm=[0, 3, 1, 2]), 4, 2, pads=[0, 0, 0, 0])


@case("mean-of-sequence", "a mean over the channels of pixels in a sequence, which tf2onnx writes as a "
      "pool", 13)
def mean_of_sequence(net):
    x = net.op("Reshape", net.conv("input", 3, 4), np.int64([1, 4, -1]))
    x = net.op("Transpose", x, perm=[0, 2, 1])
    x = net.op("Sub", x, net.op("GlobalAveragePool", x))
    x = net.op("Reshape", net.op("Transpose", x, perm=[0, 2, 1]), net.op("Concat", np.int64([1, 4]),
               net.sides("input"), axis=0))
    return net.conv(x, 4, 2)


@case("padded-lowest", "minus infinity around what a pool takes the largest of", 13)
def padded_lowest(net):
    x = net.op("Pad", net.conv("input", 3, 4), np.int64([0, 0, 1, 1, 0, 0, 0, 0]), np.float32(-np.inf))
    return net.whole(net.conv(net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2]), 4, 2))


@case("parameters-of-size", "parameters of a normalisation of one pixel, of the extents that it has, as "
      "Paddle writes them", 13)
def parameters_of_size(net):
    x = net.conv("input", 3, 4)
    y = net.conv(net.op("GlobalAveragePool", x), 4, 4, 1)
    less = net.op("Sub", y, net.op("ReduceMean", y, axes=[1, 2, 3]))
    variance = net.op("ReduceMean", net.op("Mul", less, less), axes=[1, 2, 3])
    y = net.op("Div", less, net.op("Sqrt", net.op("Add", variance, np.float32(1e-5))))
    extents = net.slice(net.op("Shape", y), 1, 4)
    y = net.op("Add", net.op("Mul", y, net.op("Reshape", net.normal(4), extents)),
               net.op("Reshape", net.normal(4), extents))
    return net.conv(net.op("Add", x, y), 4, 2)


@case("turned-back", "a value of which rows and columns change places twice, the second time as a sequence "
      "of pictures", 13, last=True, size=(10, 10))
def turned_back(net):
    x = net.conv(net.op("Transpose", last(net), perm=[0, 3, 1, 2]), 3, 6)
    x = net.conv(net.op("Transpose", x, perm=[0, 1, 3, 2]), 6, 6)
    x = net.op("Squeeze", x, np.int64([0]))
    x = net.op("Unsqueeze", net.op("Transpose", x, perm=[0, 2, 1]), np.int64([0]))
    return net.op("Transpose", net.conv(x, 6, 2, 1), perm=[0, 2, 3, 1])


@case("refused-turned", "scores whose rows and columns changed places", 13, because="not N×classes×H×W")
def refused_turned(net):
    return net.op("Transpose", net.conv("input", 3, 2), perm=[0, 3, 2, 1])


@case("refused-slopes", "slopes of a PRelu for each row", 13, because="one a channel")
def refused_slopes(net):
    net.shape = [1, 3, 8, 12]
    return net.op("PRelu", net.conv("input", 3, 8), net.normal(8, 1))


@case("refused-turned-labels", "labels whose rows and columns change places", 13,
      because="rows and columns of labels")
def refused_turned_labels(net):
    net.output_type = TensorProto.INT64
    return net.op("Transpose", net.op("ArgMax", net.conv("input", 3, 2), axis=1, keepdims=0), perm=[0, 2, 1])
