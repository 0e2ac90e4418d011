#!/usr/bin/env python3
"""Makes the caffemodels beside it: small networks in each form that Caffe has written.

    pip install protobuf && python3 make_caffe.py

The messages are Caffe's by the field numbers of its published caffe.proto, serialised by Google's
protobuf. Every array counts up from a number of its own in steps of 1/8, see `ramp`.
"""

import pathlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

HERE = pathlib.Path(__file__).parent

# name: number, type ("[]" for repeated, "*" for repeated and packed)
MESSAGES = {
    "BlobShape": {"dim": (1, "int64*")},
    "BlobProto": {
        "num": (1, "int32"), "channels": (2, "int32"), "height": (3, "int32"), "width": (4, "int32"),
        "data": (5, "float*"), "diff": (6, "float*"), "shape": (7, "BlobShape"),
        "double_data": (8, "double*"), "double_diff": (9, "double*"),
    },
    # Arrays that are not packed, which every reader of protobuf has to take.
    "LooseShape": {"dim": (1, "int64[]")},
    "LooseBlob": {
        "data": (5, "float[]"), "shape": (7, "LooseShape"), "double_data": (8, "double[]"),
    },
    "ConvolutionParameter": {"num_output": (1, "uint32"), "pad": (3, "uint32[]")},
    "LayerParameter": {
        "name": (1, "string"), "type": (2, "string"), "bottom": (3, "string[]"),
        "top": (4, "string[]"), "loss_weight": (5, "float[]"), "blobs": (7, "BlobProto[]"),
        "phase": (10, "int32"), "convolution_param": (106, "ConvolutionParameter"),
    },
    "LooseLayer": {
        "name": (1, "string"), "type": (2, "string"), "blobs": (7, "LooseBlob[]"),
    },
    "V0LayerParameter": {
        "name": (1, "string"), "type": (2, "string"), "num_output": (3, "uint32"),
        "blobs": (50, "BlobProto[]"),
    },
    "V1LayerParameter": {
        "layer": (1, "V0LayerParameter"), "bottom": (2, "string[]"), "top": (3, "string[]"),
        "name": (4, "string"), "type": (5, "int32"), "blobs": (6, "BlobProto[]"),
        "blobs_lr": (7, "float[]"),
    },
    "NetParameter": {
        "name": (1, "string"), "layers": (2, "V1LayerParameter[]"), "input": (3, "string[]"),
        "input_dim": (4, "int32[]"), "force_backward": (5, "bool"),
        "input_shape": (8, "BlobShape[]"), "layer": (100, "LayerParameter[]"),
    },
    "LooseNet": {"name": (1, "string"), "layer": (100, "LooseLayer[]")},
}


def make_types():
    """The message classes, by name."""
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    for message_name, fields in MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for name, (number, type_name) in fields.items():
            field = message.field.add(name=name, number=number)
            base = type_name.rstrip("[]*")
            field.label = field.LABEL_OPTIONAL if base == type_name else field.LABEL_REPEATED
            if type_name.endswith("*"):
                field.options.packed = True
            if base in MESSAGES:
                field.type, field.type_name = field.TYPE_MESSAGE, f".caffe.{base}"
            else:
                field.type = getattr(field, f"TYPE_{base.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"caffe.{name}"))
        for name in MESSAGES
    }


TYPES = make_types()


def ramp(start, shape):
    """As many numbers as `shape` holds: start, start + 1/8…"""
    count = 1
    for extent in shape:
        count *= extent
    return [start + index / 8 for index in range(count)]


def blob(start, *shape, **others):
    """An array of the present form."""
    return TYPES["BlobProto"](
        data=ramp(start, shape), shape=TYPES["BlobShape"](dim=shape), **others)


def legacy(start, num, channels, height, width):
    """An array of the form with four named extents."""
    shape = (num, channels, height, width)
    return TYPES["BlobProto"](
        num=num, channels=channels, height=height, width=width, data=ramp(start, shape))


def write(name, net):
    (HERE / name).write_bytes(net.SerializeToString(deterministic=True))


def make_current():
    layer = TYPES["LayerParameter"]
    weight = blob(-4, 4, 3, 3, 3)
    # What a snapshot of training may carry besides.
    weight.diff.extend(ramp(100, (4, 3, 3, 3)))
    doubles = TYPES["BlobProto"](
        double_data=ramp(0.5, (2, 2)), shape=TYPES["BlobShape"](dim=(2, 2)))
    write("current.caffemodel", TYPES["NetParameter"](
        name="a network", force_backward=True, layer=[
            layer(name="data", type="Input", top=["data"]),
            layer(
                name="conv1", type="Convolution", bottom=["data"], top=["conv1"], phase=1,
                blobs=[weight, blob(1, 4)],
                convolution_param=TYPES["ConvolutionParameter"](num_output=4, pad=[100])),
            layer(
                name="bn1", type="BatchNorm", bottom=["conv1"], top=["conv1"],
                blobs=[blob(2, 4), blob(3, 4), blob(999, 1)]),
            layer(name="scale1", type="Scale", blobs=[blob(4, 4), blob(5, 4)]),
            layer(name="relu1", type="ReLU", bottom=["conv1"], top=["conv1"]),
            layer(name="three", type="Custom", blobs=[blob(6, 1), blob(7, 2), blob(8, 3)]),
            layer(name="doubles", type="InnerProduct", blobs=[doubles]),
            layer(name="loss", type="SoftmaxWithLoss", loss_weight=[1, 0.5]),
        ]))


def make_v1():
    layer = TYPES["V1LayerParameter"]
    write("v1.caffemodel", TYPES["NetParameter"](
        name="an old network", input=["data"], input_dim=[1, 3, 224, 224], layers=[
            layer(
                name="conv1_1", type=4, bottom=["data"], top=["conv1_1"], blobs_lr=[1, 2],
                blobs=[legacy(-1, 4, 3, 3, 3), legacy(1, 1, 1, 1, 4)]),
            layer(name="relu1_1", type=18, bottom=["conv1_1"], top=["conv1_1"]),
            layer(
                name="fc6", type=14,
                blobs=[legacy(2, 1, 1, 5, 7), legacy(3, 1, 1, 1, 5)]),
        ]))


def make_v0():
    layer, inner = TYPES["V1LayerParameter"], TYPES["V0LayerParameter"]
    write("v0.caffemodel", TYPES["NetParameter"](
        name="the oldest network", layers=[
            layer(
                layer=inner(
                    name="conv1", type="conv", num_output=2,
                    blobs=[legacy(-1, 2, 3, 1, 1), legacy(1, 1, 1, 1, 2)]),
                bottom=["data"], top=["conv1"]),
            layer(layer=inner(name="relu1", type="relu"), bottom=["conv1"], top=["conv1"]),
        ]))


def make_loose():
    layer, shape = TYPES["LooseLayer"], TYPES["LooseShape"]
    write("loose.caffemodel", TYPES["LooseNet"](
        name="not packed", layer=[
            layer(name="floats", type="InnerProduct", blobs=[
                TYPES["LooseBlob"](data=ramp(-1, (2, 3)), shape=shape(dim=(2, 3))),
                TYPES["LooseBlob"](data=ramp(7, (1,)), shape=shape(dim=(1,))),
            ]),
            layer(name="doubles", type="InnerProduct", blobs=[
                TYPES["LooseBlob"](double_data=ramp(3, (3,)), shape=shape(dim=(3,))),
            ]),
        ]))


if __name__ == "__main__":
    make_current()
    make_v1()
    make_v0()
    make_loose()
