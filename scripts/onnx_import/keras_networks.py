"""Networks as Keras's and TensorFlow's tutorials have them, with random weights, written by Keras itself
(which takes tf2onnx) and, by way of TensorFlow Lite, by tf2onnx."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from keras import layers


def convolutions(x, width: int, activation: str = "relu"):
    for _ in range(2):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.Activation(activation)(layers.BatchNormalization()(x))
    return x


def unet(size=None, upsampling="transposed", activation="relu", end: str | None = "softmax", scaled=False):
    x = pixels = keras.Input((size, size, 3))
    skips = []
    if scaled:
        x = layers.Rescaling(1 / 255)(x)
    for width in (16, 32, 64):
        x = convolutions(x, width, activation)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.3)(convolutions(x, 96, activation))
    for width, skip in zip((64, 32, 16), skips[::-1]):
        if upsampling == "transposed":
            x = layers.Conv2DTranspose(width, 2, strides=2, padding="same")(x)
        else:
            x = layers.Conv2D(width, 2, padding="same")(layers.UpSampling2D(2, interpolation=upsampling)(x))
        x = convolutions(layers.Concatenate()([skip, x]), width, activation)
    return keras.Model(pixels, layers.Conv2D(4, 1, activation=end)(x))


def xception_like():
    """keras.io's "Image segmentation with a U-Net-like architecture"."""
    pixels = keras.Input((160, 160, 3))
    x = layers.Conv2D(32, 3, strides=2, padding="same")(pixels)
    x = before = layers.Activation("relu")(layers.BatchNormalization()(x))
    for width in (64, 128):
        for _ in range(2):
            x = layers.SeparableConv2D(width, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        before = x = layers.add([x, layers.Conv2D(width, 1, strides=2, padding="same")(before)])
    for width in (128, 64, 32):
        for _ in range(2):
            x = layers.Conv2DTranspose(width, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        sides = layers.Conv2D(width, 1, padding="same")(layers.UpSampling2D(2)(before))
        before = x = layers.add([layers.UpSampling2D(2)(x), sides])
    return keras.Model(pixels, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))


def pix2pix():
    """tensorflow.org's "Image segmentation"."""
    trunk = keras.applications.MobileNetV2(
        input_shape=[128, 128, 3], include_top=False, weights=None, alpha=0.35)
    names = ["block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu",
             "block_16_project"]
    down = keras.Model(trunk.input, [trunk.get_layer(name).output for name in names])
    pixels = keras.Input((128, 128, 3))
    *skips, x = down(pixels)
    for width, skip in zip((64, 48, 32, 16), skips[::-1]):
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.Concatenate()([layers.ReLU()(layers.BatchNormalization()(x)), skip])
    return keras.Model(pixels, layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x))


def deeplab(size=256):
    """keras.io's "Multiclass semantic segmentation using DeepLabV3+"."""
    def block(x, width=64, kernel=3, rate=1, bias=False):
        x = layers.Conv2D(width, kernel, dilation_rate=rate, padding="same", use_bias=bias)(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    def enlarged(x, side):
        return layers.UpSampling2D((side // x.shape[1], side // x.shape[2]), interpolation="bilinear")(x)

    pixels = keras.Input((size, size, 3))
    trunk = keras.applications.ResNet50(
        weights=None, include_top=False, input_tensor=keras.applications.resnet50.preprocess_input(pixels))
    x = trunk.get_layer("conv4_block6_2_relu").output
    mean = block(layers.AveragePooling2D(x.shape[1:3])(x), kernel=1, bias=True)
    parts = [enlarged(mean, x.shape[1]), block(x, kernel=1), *(block(x, rate=rate) for rate in (6, 12, 18))]
    x = enlarged(block(layers.Concatenate()(parts), kernel=1), size // 4)
    low = block(trunk.get_layer("conv2_block3_2_relu").output, 48, 1)
    x = block(block(layers.Concatenate()([x, low])))
    return keras.Model(pixels, layers.Conv2D(5, 1, padding="same")(enlarged(x, size)))


def normalisations():
    """Squeeze and excitation, and every normalisation that Keras has."""
    pixels = keras.Input((96, 128, 3))
    x = layers.Conv2D(16, 3, strides=2, padding="same")(pixels)
    for stride in (1, 2):
        x = layers.BatchNormalization()(layers.DepthwiseConv2D(5, strides=stride, padding="same")(x))
        x = layers.Activation("swish")(x)
        gate = layers.Reshape((1, 1, 16))(layers.GlobalAveragePooling2D()(x))
        gate = layers.Conv2D(16, 1, activation="hard_sigmoid")(layers.Conv2D(4, 1, activation="relu")(gate))
        x = layers.Conv2D(16, 1)(layers.multiply([x, gate]))
    x = layers.LayerNormalization()(layers.GroupNormalization(4)(layers.LeakyReLU(0.2)(x)))
    x = layers.Conv2D(6, 1)(layers.PReLU(shared_axes=[1, 2])(x))
    return keras.Model(pixels, layers.UpSampling2D(4, interpolation="bilinear")(x))


def fed_bytes():
    pixels = keras.Input((96, 128, 3), dtype="uint8")
    x = layers.Rescaling(1 / 127.5, -1.0)(keras.ops.cast(pixels, "float32"))
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu6")(x)
    return keras.Model(pixels, layers.Conv2DTranspose(5, 3, strides=2, padding="same")(x))


def on_trunk(trunk: Callable):
    trunk = trunk(include_top=False, weights=None, input_shape=(224, 224, 3))
    x = layers.Conv2D(5, 1)(trunk.output)
    return keras.Model(trunk.input, layers.Resizing(224, 224, interpolation="bilinear")(x))


NETWORKS = {
    "unet": unet, "unet-fixed": lambda: unet(128), "unet-nearest": lambda: unet(upsampling="nearest"),
    "unet-bilinear": lambda: unet(128, "bilinear", "elu"),
    "unet-scaled": lambda: unet(activation="silu", end=None, scaled=True),
    "xception-like": xception_like, "pix2pix": pix2pix, "deeplab": deeplab,
    "normalisations": normalisations, "bytes": fed_bytes,
    "efficientnet-b0": lambda: on_trunk(keras.applications.EfficientNetB0),
    "mobilenet-v3": lambda: on_trunk(keras.applications.MobileNetV3Large),
    "densenet121": lambda: on_trunk(keras.applications.DenseNet121),
    "xception": lambda: on_trunk(keras.applications.Xception),
}


def settle(model: keras.Model) -> None:
    """Random running statistics, offsets and biases, which are ones and zeros otherwise."""
    random = np.random.RandomState(1)
    for weight in model.weights:
        word = weight.path.split("/")[-1]
        if word in ("gamma", "moving_variance"):
            weight.assign(random.uniform(0.7, 1.3, weight.shape))
        elif word in ("beta", "moving_mean", "bias"):
            weight.assign(random.uniform(-0.1, 0.1, weight.shape))


def export(folder: Path) -> Iterator[tuple[str, str]]:
    """Writes each network both ways where these can; names, and what came of them."""
    for name, make in NETWORKS.items():
        keras.utils.set_random_seed(3)
        model = make()
        settle(model)
        sides = [side or 64 for side in model.input_shape[1:]]
        model(np.zeros([1, *sides], model.inputs[0].dtype))
        for way in ("keras", "tflite"):
            path = folder / f"{way}-{name}.onnx"
            if way == "tflite" and None in model.input_shape[1:]:
                continue
            try:
                if way == "keras":
                    model.export(path, format="onnx", verbose=False)
                else:
                    through_tflite(model, path)
                yield path.name, "written"
            except Exception as error:  # whatever the exporters raise
                path.unlink(missing_ok=True)
                yield path.name, f"not exported, {type(error).__name__}"


def through_tflite(model: keras.Model, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        saved, lite = Path(folder) / "saved", Path(folder) / "model.tflite"
        model.export(saved, verbose=False)
        lite.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(saved)).convert())
        tf2onnx.convert.from_tflite(str(lite), opset=13, output_path=str(path))
