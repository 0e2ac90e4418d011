#!/usr/bin/env python3
"""Makes the pickles here: whole Chainer models, as Python 2 and 3 write them, and label maps.

    pip install numpy && python3 make_pickles.py

Chainer is not needed: its classes are faked under its names. Element j, in row-major order, of the
array number i is (7 i + j) mod 100 / 4 - 8, as in ../Foreign. Arrays are, in order: conv1_1's W and b,
bn's gamma, beta, avg_mean and avg_var, fc7's W and b. The label map is of 3 rows of 4: 0 … 11, the last
one 255.
"""

import io
import pathlib
import pickle
import sys
import types

import numpy as np

HERE = pathlib.Path(__file__).parent


def values(i, *shape):
    count = int(np.prod(shape))
    return np.array([(7 * i + j) % 100 / 4 - 8 for j in range(count)], np.float32).reshape(shape)


def fake(module, name, bases=(object,), **members):
    """A class of that name that pickles as if it came from that module."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        part = ".".join(parts[:end])
        made = sys.modules.setdefault(part, types.ModuleType(part))
    result = type(name, bases, {"__module__": module, **members})
    setattr(made, name, result)
    return result


class Python2(pickle._Pickler):
    """Writes texts and bytes as Python 2 does, and NumPy's functions under their old names."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_text(self, text):
        data = text.encode("latin1") if isinstance(text, str) else bytes(text)
        if self.proto == 0:
            self.write(b"S" + repr(data)[1:].encode("ascii") + b"\n")
        elif len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + len(data).to_bytes(4, "little") + data)
        self.memoize(text)

    dispatch[str] = save_text
    dispatch[bytes] = save_text

    def save_global(self, what, name=None):
        name = name or what.__qualname__
        module = (what.__module__ or "numpy").replace("numpy._core", "numpy.core")
        module = {"builtins": "__builtin__", "copyreg": "copy_reg"}.get(module, module)
        self.write(b"c" + module.encode() + b"\n" + name.encode() + b"\n")
        self.memoize(what)

    dispatch[type] = save_global
    dispatch[types.FunctionType] = save_global
    dispatch[types.BuiltinFunctionType] = save_global


def python2(what, protocol):
    out = io.BytesIO()
    Python2(out, protocol).dump(what)
    return out.getvalue()


# Chainer 1.5 to 1.24: links whose parameters are variables.
Variable = fake(
    "chainer.variable", "Variable",
    __reduce__=lambda self: (Variable, (self.data, self.volatile, self.name, self.grad)))
Variable.__init__ = lambda self, data, volatile="off", name=None, grad=None: self.__dict__.update(
    data=data, volatile=volatile, name=name, grad=grad)
Link = fake("chainer.link", "Link")
Convolution2D = fake("chainer.links.connection.convolution_2d", "Convolution2D", (Link,))
BatchNormalization = fake("chainer.links.normalization.batch_normalization", "BatchNormalization",
                          (Link,))
Network = fake("myfcn", "MyFCN", (Link,))


def link(kind, name, params, persistent=()):
    made = kind()
    made.__dict__.update(_params=list(params), _persistent=list(persistent), _cpu=True, name=name)
    for key, array in params.items():
        setattr(made, key, Variable(array, name=key, grad=np.zeros_like(array)))
    for key, array in dict(persistent).items():
        setattr(made, key, array)
    return made


def links():
    model = Network()
    conv = link(Convolution2D, "conv1_1", {"W": values(0, 2, 3, 2, 2), "b": values(1, 2)})
    bn = link(BatchNormalization, "bn", {"gamma": values(2, 3), "beta": values(3, 3)},
              {"avg_mean": values(4, 3), "avg_var": values(5, 3), "N": 7})
    fc = link(Convolution2D, "fc7", {"W": np.asfortranarray(values(6, 4, 2, 3)), "b": values(7, 4)})
    model.__dict__.update(
        _params=[], _persistent=[], _children=["conv1_1", "bn", "fc7"], _cpu=True, name=None,
        conv1_1=conv, bn=bn, fc7=fc, train=False, loss=Variable(values(8, 1)[0]), parent=model)
    return model


# Chainer 1.0 to 1.4: functions that hold arrays, and their gradients.
Function = fake("chainer.functions.convolution_2d", "Convolution2D")
FunctionSet = fake("chainer.function_set", "FunctionSet")


def functions():
    model = FunctionSet()
    for index, (name, params) in enumerate({
            "conv1_1": {"W": values(0, 2, 3, 2, 2), "b": values(1, 2)},
            "bn": {"gamma": values(2, 3), "beta": values(3, 3), "avg_mean": values(4, 3),
                   "avg_var": values(5, 3)},
            "fc7": {"W": values(6, 4, 2, 3), "b": values(7, 4)}}.items()):
        function = Function()
        function.__dict__.update(params, stride=(1, 1), pad=(100, 100), use_cudnn=True)
        function.__dict__.update({"g" + key: np.zeros_like(a) for key, a in params.items()})
        function.col = np.zeros((1, 2, 3))
        setattr(model, name, function)
    return model


def main():
    for old in HERE.glob("*.pkl"):
        old.unlink()
    labels = np.arange(12, dtype=np.int32).reshape(3, 4)
    labels[2, 3] = 255
    for protocol in (0, 1, 2):
        (HERE / f"links-python2-{protocol}.pkl").write_bytes(python2(links(), protocol))
        (HERE / f"links-python3-{protocol}.pkl").write_bytes(pickle.dumps(links(), protocol))
        (HERE / f"functions-python2-{protocol}.pkl").write_bytes(python2(functions(), protocol))
        (HERE / f"labels-python2-{protocol}.pkl").write_bytes(python2(labels, protocol))
    for protocol in (3, 4, 5):
        (HERE / f"labels-{protocol}.pkl").write_bytes(pickle.dumps(labels, protocol))
    (HERE / "labels-fortran.pkl").write_bytes(pickle.dumps(np.asfortranarray(labels), 2))
    (HERE / "labels-bytes.pkl").write_bytes(pickle.dumps(labels.astype("u1"), 2))
    (HERE / "labels-big.pkl").write_bytes(pickle.dumps(labels.astype(">i8"), 2))
    (HERE / "labels-floats.pkl").write_bytes(pickle.dumps({"label": labels.astype("f8")}, 4))


if __name__ == "__main__":
    main()
