"""Channels in groups and pixels in squares, as Keras's normalisations, MobileViT and EfficientViT have
them, put together node by node."""

import numpy as np

from writing import case


def joined(net, *parts):
    return net.op("Concat", *(np.int64([p]) if isinstance(p, int) else p for p in parts), axis=0)


def moments_normalised(net, x, axes, parameters):
    """As Keras writes it: x · (γ / √(variance + ε)) + (β − mean · γ / √(variance + ε))."""
    mean = net.op("ReduceMean", x, axes=axes, keepdims=1)
    less = net.op("Sub", x, mean)
    variance = net.op("ReduceMean", net.op("Mul", less, less), axes=axes, keepdims=1)
    root = net.op("Sqrt", net.op("Add", variance, np.float32(1e-3)))
    factor = net.op("Mul", net.op("Reciprocal", root), 1 + net.normal(*parameters))
    offset = net.op("Sub", net.normal(*parameters), net.op("Mul", mean, factor))
    return net.op("Add", net.op("Mul", x, factor), offset)


@case("moments-of-groups", "group normalisation as Keras writes it", 13)
def moments_of_groups(net):
    x = net.op("Transpose", net.conv("input", 3, 6), perm=[0, 2, 3, 1])
    sides = net.op("Shape", x)
    x = net.op("Reshape", x, joined(net, net.slice(sides, 0, 3), 2, 3))
    x = moments_normalised(net, x, [1, 2, 4], [1, 1, 1, 2, 3])
    x = net.op("Transpose", net.op("Reshape", x, sides), perm=[0, 3, 1, 2])
    return net.conv(x, 6, 2)


@case("moments-of-channels", "layer normalisation as Keras writes it", 13)
def moments_of_channels(net):
    x = net.op("Transpose", net.conv("input", 3, 6), perm=[0, 2, 3, 1])
    x = moments_normalised(net, x, [3], [6])
    return net.conv(net.op("Transpose", x, perm=[0, 3, 1, 2]), 6, 2)


@case("sliced-heads", "linear attention whose queries, keys and values are parts of each head", 13)
def sliced_heads(net):
    x = net.op("Reshape", net.conv("input", 3, 24, 1), np.int64([1, 2, 12, -1]))
    x = net.op("Transpose", x, perm=[0, 1, 3, 2])
    query, key, value = (
        net.op("Slice", x, np.int64([i]), np.int64([i + 4]), np.int64([3])) for i in (0, 4, 8))
    query, key = net.op("Relu", query), net.op("Relu", key)
    value = net.op("Pad", value, np.int64([0, 0, 0, 0, 0, 0, 0, 1]), np.float32(1))
    products = net.op("MatMul", net.op("Transpose", key, perm=[0, 1, 3, 2]), value)
    x = net.op("MatMul", query, products)
    above, below = (
        net.op("Slice", x, np.int64([i]), np.int64([j]), np.int64([3])) for i, j in ((0, 4), (4, 5)))
    x = net.op("Div", above, net.op("Add", below, np.float32([1])))
    x = net.op("Transpose", x, perm=[0, 1, 3, 2])
    x = net.op("Reshape", x, joined(net, 1, 8, net.sides("input")))
    return net.conv(x, 8, 2)


def in_squares(net, x, channels):
    """1×channels×(4 places)×(squares), and the rows and columns of squares."""
    sides = net.op("Div", net.sides(x), np.int64([2]))
    rows, columns = net.slice(sides, 0, 1), net.slice(sides, 1, 2)
    lines = net.op("Mul", rows, np.int64([channels]))
    x = net.op("Transpose", net.op("Reshape", x, joined(net, lines, 2, columns, 2)), perm=[0, 2, 1, 3])
    x = net.op("Reshape", x, joined(net, 1, channels, net.op("Mul", rows, columns), 4))
    return x, lines, columns


def as_picture(net, x, channels, lines, columns):
    x = net.op("Reshape", x, joined(net, lines, columns, 2, 2))
    x = net.op("Transpose", x, perm=[0, 2, 1, 3])
    return net.op("Reshape", x, joined(net, 1, channels, net.sides("input")))


@case("phases", "attention of pixels at the same place of squares, as MobileViT has it", 13, multiple=2)
def phases(net):
    x, lines, columns = in_squares(net, net.conv("input", 3, 6), 6)
    x = net.op("Transpose", x, perm=[0, 3, 2, 1])
    x = net.op("Reshape", x, np.int64([4, -1, 6]))

    def part():
        y = net.op("Add", net.op("MatMul", x, net.normal(6, 6)), net.normal(6))
        return net.op("Transpose", net.op("Reshape", y, np.int64([4, -1, 2, 3])), perm=[0, 2, 1, 3])

    query, key, value = part(), net.op("Transpose", part(), perm=[0, 1, 3, 2]), part()
    products = net.op("Div", net.op("MatMul", query, key), np.float32([3]))
    y = net.op("MatMul", net.op("Softmax", products, axis=-1), value)
    y = net.op("Reshape", net.op("Transpose", y, perm=[0, 2, 1, 3]), np.int64([4, -1, 6]))
    y = net.op("Reshape", net.op("Add", x, y), np.int64([1, 4, -1, 6]))
    y = as_picture(net, net.op("Transpose", y, perm=[0, 3, 2, 1]), 6, lines, columns)
    return net.conv(y, 6, 2)


@case("squares", "a normalisation and a convolution of pixels in squares, as MobileViT's second form has "
      "them", 13, size=(10, 14))
def squares(net):
    x, lines, columns = in_squares(net, net.conv("input", 3, 4), 4)
    x = net.op("Transpose", x, perm=[0, 1, 3, 2])
    sides = net.op("Shape", x)
    flat = net.op("Reshape", x, np.int64([1, 1, -1]))
    flat = net.op("InstanceNormalization", flat, np.float32([1]), np.float32([0]), epsilon=1e-5)
    x = net.op("Mul", net.op("Reshape", flat, sides), 1 + net.normal(4, 1, 1))
    x = net.op("Relu", net.conv(net.op("Add", x, net.normal(4, 1, 1)), 4, 6, 1))
    x = net.op("Transpose", x, perm=[0, 1, 3, 2])
    more = net.op("Mul", net.op("Div", lines, np.int64([4])), np.int64([6]))
    return net.conv(as_picture(net, x, 6, more, columns), 6, 2)
