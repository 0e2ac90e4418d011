"""Resizing of every mode, put together node by node: a convolution of stride 2 makes 5×7 of 9×13, which
becomes the input's size again."""

import numpy as np

from writing import case

COORDINATES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
ROUNDING = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]


def resize(net, to=None, scales=None, **attributes):
    x = net.conv("input", 3, 2, strides=[2, 2])
    if scales is not None:
        sizes = [np.float32([1, 1, *scales])]
    else:
        sides = net.sides("input") if to is None else np.int64(to)
        sizes = [np.float32([]), net.op("Concat", np.int64([1, 2]), sides, axis=0)]
    return net.op("Resize", x, np.float32([]), *sizes, **attributes)


def resize_case(mode, coordinates, **attributes):
    words = [mode, coordinates, *(str(value).lstrip("-") for value in attributes.values())]

    @case("resize-" + "-".join(words).replace("_", "-"), " ".join(["resizing:", *words]), 13)
    def make(net):
        return resize(net, mode=mode, coordinate_transformation_mode=coordinates, **attributes)


for NAME in COORDINATES:
    resize_case("linear", NAME)
for NAME in ["half_pixel", "align_corners"]:
    resize_case("cubic", NAME, cubic_coeff_a=-0.75)
resize_case("cubic", "asymmetric", cubic_coeff_a=-0.5)
for NAME in ROUNDING:
    resize_case("nearest", "asymmetric", nearest_mode=NAME)
resize_case("nearest", "half_pixel", nearest_mode="round_prefer_floor")
resize_case("nearest", "half_pixel", nearest_mode="floor")
resize_case("nearest", "align_corners", nearest_mode="round_prefer_ceil")


@case("resize-scales", "resizing by factors that are no whole numbers", 11)
def resize_scales(net):
    x = resize(net, scales=[1.7, 2.3], mode="linear", coordinate_transformation_mode="half_pixel")
    return net.whole(x)


@case("resize-smaller", "resizing to fewer rows and columns", 13)
def resize_smaller(net):
    x = resize(net, to=[3, 4], mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    return net.whole(x)


@case("resize-to-one", "resizing to one row, where pytorch_half_pixel differs", 13)
def resize_to_one(net):
    x = resize(net, to=[1, 9], mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    return net.whole(x)


@case("resize-exclude-outside", "cubic resizing of what lies within", 13)
def resize_exclude_outside(net):
    return resize(net, mode="cubic", exclude_outside=1)


@case("resize-axes", "resizing of two axes by name", 18)
def resize_axes(net):
    x = net.conv("input", 3, 2, strides=[2, 2])
    return net.op("Resize", x, "", "", net.sides("input"), axes=[2, 3], mode="linear")


@case("resize-opset10", "opset 10's resizing: asymmetric, rounded down", 10)
def resize_opset10(net):
    x = net.conv("input", 3, 2, strides=[2, 2])
    x = net.op("Resize", x, np.float32([1, 1, 2, 2]), mode="nearest")
    return net.whole(net.op("Resize", x, np.float32([1, 1, 1.5, 1]), mode="linear"))


@case("upsample", "opset 9's upsampling by constants", 9)
def upsample(net):
    x = net.conv("input", 3, 2, strides=[2, 2])
    x = net.op("Upsample", x, np.float32([1, 1, 1.5, 1]), mode="linear")
    return net.whole(net.op("Upsample", x, np.float32([1, 1, 1, 1.5]), mode="nearest"))


@case("upsample-computed", "opset 9's upsampling by factors that the graph computes", 9)
def upsample_computed(net):
    return net.whole(net.conv("input", 3, 2, strides=[2, 2]))
