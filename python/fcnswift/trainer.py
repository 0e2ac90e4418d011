"""Training."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable, Mapping, Sequence
from ctypes import byref, c_char_p, c_double, c_float, c_int64, c_uint64, c_void_p
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ._native import Handle, PathLike, TrainCallback, TrainerHandle, TrainerParamsStruct
from ._native import TrainProgressStruct, encoded_path, encoded_text, lib, whole_number
from ._optional import TrainingBar
from ._signals import SignalGuard
from .model import Model
from .preprocessing import Preprocessing, preprocessing_struct


@dataclass(frozen=True)
class TrainProgress:
    """How far training has come. `event` is "minibatch", "measurement" or "epoch"; what has not
    been measured is None."""

    event: str
    epoch: int
    epoch_count: int
    step: int
    step_count: int
    iteration: int
    iteration_count: int
    loss: float
    pixel_accuracy: float | None
    validation_loss: float | None
    validation_pixel_accuracy: float | None
    validation_mean_iu: float | None
    learning_rate: float
    elapsed_ms: float

    @classmethod
    def _of(cls, struct: TrainProgressStruct) -> TrainProgress:
        values = {name: getattr(struct, name) for name, *_ in struct._fields_[1:]}
        values["event"] = ("", "minibatch", "measurement", "epoch")[struct.event]
        measured: dict[str, Any] = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in values.items()
        }
        return cls(**measured)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} is {value!r}; it must be a number")
    return float(value)


def _class_weights(weights: Any) -> list[float]:
    """Explicit weights, for C to check."""
    values = np.asarray(weights)
    if values.ndim != 1 or values.size > 0 and values.dtype.kind not in "biuf":
        raise TypeError(
            f"class_weights is {weights!r}; it must be a rule's name or a number for each class")
    return [float(value) for value in values]


def _layer_rates(rates: Any) -> bytes:
    """Factors by name as C has them."""
    if not isinstance(rates, Mapping):
        raise TypeError(f"layer_rates is {rates!r}; it must be a dict of factors by layers' names")
    for name in rates:
        if not isinstance(name, str) or "," in name:
            raise ValueError(f"layer_rates has {name!r}; wanted a str, the beginning of a name")
    return encoded_text("layer_rates", ",".join(
        f"{name}={_number(f'the factor of {name}', rate)!r}" for name, rate in rates.items()))


class Trainer(Handle):
    """A training run. Experimental: it may change with any release."""

    _struct, _free = TrainerHandle, "fcn_trainer_free"
    _in_other_processes = "make it in the process that trains"
    _choices: dict[str, dict[str, int]] = {
        "optimizer": {"sgd": 0, "adamw": 1},
        "schedule": {"constant": 0, "step": 1, "poly": 2},
        "loss": {"mean": 0, "sum": 1},
        "class_weights": {"none": 0, "enet": 1},
        "backend": {"cpu": 0, "cuda": 1},
        "precision": {"float32": 0, "tf32": 2, "float16": 3, "bfloat16": 4},
    }

    def __init__(
        self, data: PathLike, output: PathLike, start: Model | None = None, *,
        train_split: str | None = None,
        validation_split: str | None = None,
        resume: bool | None = None,
        keep_every_epoch: bool | None = None,
        half_precision: bool | None = None,
        evaluation_interval: int | None = None,
        architecture: str | None = None,
        weights: PathLike | None = None,
        width: float | None = None,
        batch_norm: bool | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: Literal["sgd", "adamw"] | None = None,
        learning_rate: float | None = None,
        momentum: float | None = None,
        weight_decay: float | None = None,
        bias_rate: float | None = None,
        bias_decay: float | None = None,
        clip_norm: float | None = None,
        schedule: Literal["constant", "step", "poly"] | None = None,
        schedule_power: float | None = None,
        schedule_epochs: int | None = None,
        schedule_factor: float | None = None,
        warm_up: int | None = None,
        loss: Literal["mean", "sum"] | None = None,
        class_weights: Literal["none", "enet"] | Sequence[float] | None = None,
        crop_width: int | None = None,
        crop_height: int | None = None,
        scale_least: float | None = None,
        scale_greatest: float | None = None,
        flip: bool | None = None,
        brightness: float | None = None,
        contrast: float | None = None,
        seed: int | None = None,
        threads: int | None = None,
        backend: Literal["cpu", "cuda"] | None = None,
        device: int | None = None,
        precision: Literal["float32", "tf32", "float16", "bfloat16"] | None = None,
        preprocessing: Preprocessing | None = None,
        binary_masks: bool | None = None,
        patience: int | None = None,
        time_limit: float | None = None,
        extend: bool | None = None,
        recipe: str | None = None,
        iterations: int | None = None,
        accumulation: int | None = None,
        layer_rates: Mapping[str, float] | None = None,
        graph: str | None = None,
    ) -> None:
        """Prepares to train on `data`, a folder in VOC's layout. The folder `output` gets models,
        a log and a checkpoint after every epoch. `start` is a model to go on from, beside
        which `architecture`, `graph`, `weights`, `width`, `batch_norm` and `preprocessing` must be
        None.

        Further parameters are those of fcn_trainer_params in fcn.h, where their ranges and defaults
        stand; None is the default. `preprocessing` is as for Model.imported. `recipe` names a
        published training, "voc-fcn32s" for one, whose settings others then change. `layer_rates` are
        factors by the beginning of a layer's name, 0 to keep layers as they are. `class_weights` is a
        rule, or a number for each class. `graph` is the network as JSON text, as `Model.graph` gives
        it.
        """
        given = {
            name: value for name, value in locals().items()
            if value is not None and name not in ("self", "__class__", "data", "output", "start")}
        super().__init__()
        fields = TrainerParamsStruct()
        if recipe is None:
            lib.fcn_trainer_params_init(byref(fields), ctypes.sizeof(fields))
        else:
            lib.fcn_trainer_params_named(
                byref(fields), ctypes.sizeof(fields), encoded_text("recipe", recipe))
            del given["recipe"]
        fields.data, fields.output = encoded_path(data), encoded_path(output)
        if start is not None:
            if not isinstance(start, Model):
                raise TypeError(f"start is {start!r}; it must be a Model, as fcnswift.Model(path) is")
            fields.start = ctypes.cast(start.live, c_void_p)
        types = {name: kind for name, kind, *_ in fields._fields_}
        if preprocessing is not None:
            rule = preprocessing_struct(preprocessing)  # lives until the trainer has been made
            fields.preprocessing = ctypes.cast(ctypes.pointer(rule), c_void_p)
            del given["preprocessing"]
        if class_weights is not None and not isinstance(class_weights, str):
            numbers = _class_weights(class_weights)
            fields.class_weight_values = (c_float * len(numbers))(*numbers)
            fields.class_weight_count = len(numbers)
            del given["class_weights"]
        if layer_rates is not None:
            fields.layer_rates = _layer_rates(layer_rates)
            del given["layer_rates"]
        if graph is not None:
            fields.graph = encoded_text("graph", graph)
            del given["graph"]
        for name, value in given.items():
            setattr(fields, name, self._value(name, value, types[name]))
        self._paths = f" {os.fsdecode(data)} -> {os.fsdecode(output)}"
        lib.fcn_trainer_create(byref(self.pointer), byref(fields))

    @classmethod
    def _value(cls, name: str, value: Any, kind: Any) -> Any:
        """The parameter `name` for a field of type `kind`."""
        choices = cls._choices.get(name)
        if choices is not None:
            if not isinstance(value, str) or value not in choices:
                raise ValueError(f"{name} is {value!r}; wanted one of {', '.join(choices)}")
            return choices[value]
        if kind is c_char_p:
            return encoded_path(value)
        if kind in (c_float, c_double):
            return _number(name, value)
        if kind in (c_int64, c_uint64):
            return whole_number(name, value, bits=64, signed=kind is c_int64)
        return whole_number(name, value)

    def _about(self) -> str:
        return self._paths

    def run(
        self, progress: Callable[[TrainProgress], bool | None] | bool | None = None
    ) -> None:
        """Trains to the end. `progress` hears of every minibatch, evaluated picture and epoch, and
        stops the run, which then raises FCNError, by returning False; True in its place draws a bar
        with tqdm. Ctrl-C stops it after the minibatch. A further run() goes on from the last whole
        epoch."""
        if isinstance(progress, bool):
            if progress:
                with TrainingBar() as bar:
                    self._run(bar.show)
                return
            progress = None
        self._run(progress)

    def _run(self, progress: Callable[[TrainProgress], bool | None] | None) -> None:
        with SignalGuard() as guard:
            def report(pointer: Any, _: Any) -> int:
                try:
                    if progress is not None and not guard.stopped:
                        if progress(TrainProgress._of(pointer.contents)) is False:
                            return 1
                except BaseException as error:  # to be raised again once C has returned
                    guard.keep(error)
                return int(guard.stopped)

            lib.fcn_trainer_run(self.live, TrainCallback(report), None)
