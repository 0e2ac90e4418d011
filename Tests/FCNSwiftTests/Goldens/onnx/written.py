"""Operations in every form, and what each opset has its own way of, put together node by node."""

import numpy as np
from onnx import TensorProto

from writing import case

# Convolutions and pooling


@case("pads", "a convolution and poolings that are padded on one side more than on the other", 11)
def pads(net):
    x = net.conv(net.conv("input", 3, 2, pads=[0, 1, 2, 1], strides=[2, 1]), 2, 2, 2, pads=[1, 0, 0, 1])
    x = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[1, 2], pads=[0, 1, 2, 0])
    return net.whole(net.op("AveragePool", x, kernel_shape=[2, 2], pads=[0, 0, 1, 1]))


for MODE in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    @case(f"auto-pad-{MODE.lower().replace('_', '-')}",
          f"auto_pad {MODE} in convolutions and pooling, at strides of 1 and 2", 11)
    def auto_pad(net, mode=MODE):
        x = net.conv("input", 3, 2, auto_pad=mode, strides=[2, 2])
        x = net.conv(x, 2, 2, 2, auto_pad=mode, group=2)
        return net.whole(net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad=mode))


@case("pool-ceil", "poolings that count windows up", 19)
def pool_ceil(net):
    x = net.op("MaxPool", net.conv("input", 3, 2), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    x = net.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1,
               count_include_pad=1)
    return net.whole(x)


@case("pool-whole", "the mean and the maximum of each channel", 9)
def pool_whole(net):
    x = net.conv("input", 3, 2)
    both = net.op("Add", net.op("GlobalAveragePool", x), net.op("GlobalMaxPool", x))
    return net.op("Mul", x, both)


@case("deconvolution-forms", "transposed convolutions: output_padding, output_shape, auto_pad, groups", 11)
def deconvolution(net):
    x = net.conv("input", 3, 4, strides=[2, 2])
    x = net.op("ConvTranspose", x, net.normal(4, 2, 3, 3, deviation=0.3), net.normal(4), group=2,
               kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    x = net.op("ConvTranspose", x, net.normal(4, 2, 2, 2, deviation=0.5), strides=[1, 2],
               auto_pad="SAME_UPPER")
    x = net.op("ConvTranspose", x, net.normal(2, 2, 3, 2, deviation=0.5), pads=[2, 0, 1, 1])
    return net.whole(x)


@case("deconvolution-depthwise", "bilinear upsampling as a transposed convolution of each channel", 9,
      multiple=2)
def deconvolution_depthwise(net):
    line = np.float32([0.25, 0.75, 0.75, 0.25])
    kernel = np.tile(np.outer(line, line), (2, 1, 1, 1))
    x = net.conv("input", 3, 2, strides=[2, 2])
    return net.op("ConvTranspose", x, kernel, group=2, strides=[2, 2], pads=[1, 1, 1, 1])


@case("unpool", "unpooling at the places of the maxima", 11, size=(8, 12))
def unpool(net):
    x, places = net.op(
        "MaxPool", net.conv("input", 3, 2), outputs=2, kernel_shape=[2, 2], strides=[2, 2])
    return net.op("MaxUnpool", x, places, kernel_shape=[2, 2], strides=[2, 2])


# Broadcasting, functions of values


@case("broadcasting", "sums, differences, products and quotients with numbers, channels, pixels", 13)
def broadcasting(net):
    x = net.conv("input", 3, 2)
    y = net.op("Sub", np.float32(1.5), net.op("Mul", x, net.normal(2, 1, 1)))
    y = net.op("Div", y, np.float32([2, 3]).reshape(1, 2, 1, 1))
    map_of_pixels = net.op("Sigmoid", net.conv("input", 3, 1))
    whole = net.op("GlobalAveragePool", x)
    y = net.op("Add", net.op("Mul", map_of_pixels, y), whole)
    y = net.op("Sub", y, net.op("Mul", x, map_of_pixels))
    return net.op("Div", y, net.op("Add", map_of_pixels, np.float32([1])))


@case("several-sums", "Sum of three, Max and Min of layers and numbers", 13)
def several_sums(net):
    parts = [net.conv("input", 3, 2) for _ in range(3)]
    x = net.op("Sum", *parts)
    return net.op("Min", net.op("Max", x, parts[0]), np.float32(2))


@case("clips", "Clip with one limit, with none, and as hard swish", 9, 13)
def clips(net):
    def clip(x, low=None, high=None):
        if net.opset < 11:
            limits = {"min": low, "max": high}
            return net.op("Clip", x, **{k: float(v) for k, v in limits.items() if v is not None})
        limits = ["" if value is None else np.float32(value) for value in (low, high)]
        return net.op("Clip", x, *limits)

    x = net.conv("input", 3, 2)
    y = clip(net.op("Add", x, np.float32(3)), 0, 6)
    x = net.op("Mul", x, net.op("Div", y, np.float32(6)))
    return clip(clip(clip(x, low=-0.2), high=0.9), -0.1, 0.8)


@case("functions", "functions of values with settings of their own", 10)
def functions(net):
    x = net.conv("input", 3, 2)
    parts = [
        net.op("HardSigmoid", x, alpha=0.3, beta=0.4), net.op("Elu", x, alpha=0.5),
        net.op("LeakyRelu", x, alpha=0.2), net.op("PRelu", x, np.float32([0.1, 0.6]).reshape(2, 1, 1)),
        net.op("Softplus", x), net.op("Tanh", x), net.op("Exp", x), net.op("HardSigmoid", x),
        net.op("LeakyRelu", x), net.op("Selu", x)]
    return net.conv(net.op("Concat", *parts, axis=1), 20, 2, 1)


@case("mish", "Mish by its name, and written out", 18)
def mish(net):
    x = net.conv(net.op("Mish", net.conv("input", 3, 3)), 3, 2)
    return net.op("Mul", x, net.op("Tanh", net.op("Softplus", x)))


@case("gelu", "GELU by its name, exact and approximate", 20)
def gelu(net):
    x = net.conv(net.op("Gelu", net.conv("input", 3, 3)), 3, 2)
    return net.op("Gelu", x, approximate="tanh")


# What opsets write in their own ways


@case("axes", "pooling by ReduceMean, Squeeze and Unsqueeze around a Gemm, of each opset's way", 11, 13,
      18)
def axes(net):
    def reduce(x, axes, keep):
        if net.opset < 18:
            return net.op("ReduceMean", x, axes=axes, keepdims=keep)
        return net.op("ReduceMean", x, np.int64(axes), keepdims=keep)

    def shaped(operation, x, axes):
        return (net.op(operation, x, axes=axes) if net.opset < 13
                else net.op(operation, x, np.int64(axes)))

    x = net.conv("input", 3, 2)
    gate = shaped("Squeeze", reduce(x, [2, 3], 1), [2, 3])
    gate = net.op("Gemm", gate, net.normal(2, 2), net.normal(2), transB=1)
    gate = shaped("Unsqueeze", gate, [2, 3])
    return net.op("Mul", x, net.op("Add", gate, reduce(x, [-2, -1], 1)))


@case("matmul", "a gate of MatMul and Add between Flatten and Reshape", 13)
def matmul(net):
    x = net.conv("input", 3, 2)
    gate = net.op("MatMul", net.op("Flatten", net.op("GlobalAveragePool", x)), net.normal(2, 2))
    gate = net.op("Reshape", net.op("Add", gate, net.normal(2)), np.int64([1, -1, 1, 1]))
    return net.op("Mul", x, net.op("HardSigmoid", gate))


@case("split-forms", "parts of channels, by sizes and by number", 11, 13, 18)
def split(net):
    x = net.conv("input", 3, 4)
    if net.opset < 13:
        first, second = net.op("Split", x, outputs=2, axis=1, split=[1, 3])
    else:
        first, second = net.op("Split", x, np.int64([1, 3]), outputs=2, axis=1)
    halves = {"num_outputs": 2} if net.opset >= 18 else {}
    third, fourth = net.op("Split", x, outputs=2, axis=1, **halves)
    return net.conv(net.op("Concat", fourth, first, third, second, axis=1), 8, 2, 1)


@case("slice", "channels, rows and columns cut out, ends counted from behind and beyond", 9, 13)
def slices(net):
    large = np.iinfo(np.int64).max

    def cut(x, starts, ends, axes):
        if net.opset < 10:
            return net.op("Slice", x, starts=starts, ends=ends, axes=axes)
        return net.op("Slice", x, np.int64(starts), np.int64(ends), np.int64(axes))

    x = cut(net.conv("input", 3, 4), [1, 1], [-1, large], [1, 2])
    return net.conv(cut(x, [-9], [100], [3]), 2, 2, pads=[2, 3, 1, 3])


@case("slice-steps", "every other row, and columns from behind", 13)
def slice_steps(net):
    x = net.conv("input", 3, 2)
    x = net.op("Slice", x, np.int64([0]), np.int64([9]), np.int64([-2]), np.int64([2]))
    x = net.op("Slice", x, np.int64([-1]), np.int64([-99]), np.int64([-1]), np.int64([-1]))
    return net.whole(x)


@case("pad-forms", "padding with a value, by reflection, by edges", 9, 13, 18)
def pad(net):
    def padded(x, pads, mode, value=0.0):
        if net.opset < 11:
            return net.op("Pad", x, pads=[0, 0, *pads[:2], 0, 0, *pads[2:]], mode=mode, value=value)
        if net.opset < 18:
            return net.op("Pad", x, np.int64([0, 0, *pads[:2], 0, 0, *pads[2:]]), np.float32(value),
                          mode=mode)
        return net.op("Pad", x, np.int64(pads), np.float32(value), np.int64([2, 3]), mode=mode)

    x = padded("input", [1, 2, 0, 1], "constant", 0.5)
    x = padded(net.conv(x, 3, 2, pads=[0, 0, 0, 0]), [2, 0, 1, 2], "reflect")
    return net.conv(padded(x, [0, 1, 2, 0], "edge"), 2, 2, 5, pads=[0, 0, 0, 0])


@case("pad-crops", "negative padding, which takes away", 13)
def pad_crops(net):
    return net.whole(net.op("Pad", net.conv("input", 3, 2), np.int64([0, 0, -1, 2, 0, 0, -2, -3])))


@case("batch-norm-forms", "batch normalisation of each opset, epsilon of its own", 9, 15)
def batch_norm(net):
    x = net.conv("input", 3, 2, bias=False)
    mean, variance = net.normal(2), net.random.uniform(0.5, 2, 2)
    return net.op("BatchNormalization", x, net.normal(2), net.normal(2), mean, variance, epsilon=1e-2)


@case("dropout", "Dropout and Identity, of each opset's way, which do nothing", 9, 13)
def dropout(net):
    x = net.conv("input", 3, 2)
    x = net.op("Dropout", x, ratio=0.4) if net.opset < 12 else net.op("Dropout", x, np.float32(0.4))
    return net.op("Identity", net.op("Cast", x, to=TensorProto.FLOAT))


@case("softmax-axis", "Softmax of opset 11, which counts everything after its axis, and of 13", 11, 13)
def softmax(net):
    x = net.conv("input", 3, 3)
    if net.opset < 13:
        x = net.op("Softmax", net.op("Transpose", x, perm=[0, 2, 3, 1]), axis=3)
        return net.op("Transpose", x, perm=[0, 3, 1, 2])
    return net.op("Softmax", x, axis=-3)


@case("depth-to-space", "channels to pixels, in both orders, and back", 11, size=(8, 12))
def depth_to_space(net):
    x = net.op("SpaceToDepth", net.conv("input", 3, 2), blocksize=2)
    x = net.op("DepthToSpace", net.conv(x, 8, 8, 1), blocksize=2, mode="CRD")
    x = net.op("SpaceToDepth", x, blocksize=4)
    return net.op("DepthToSpace", x, blocksize=4)


@case("local-response", "normalisation over neighbouring channels", 13)
def local_response(net):
    x = net.op("LRN", net.conv("input", 3, 4), size=3, alpha=0.1, beta=0.6, bias=1.5)
    return net.conv(x, 4, 2, 1)
