"""Training."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable
from ctypes import byref, c_void_p
from dataclasses import dataclass
from typing import Any

from ._native import FCNError, Handle, PathLike, TrainCallback, TrainerHandle
from ._native import TrainerParamsStruct, TrainProgressStruct, lib
from .model import Model
from .preprocessing import preprocessing_struct


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
        return cls(**{
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in values.items()
        })


class Trainer(Handle):
    """A training run. Experimental: it may change with any release."""

    _struct, _free = TrainerHandle, "fcn_trainer_free"
    _choices = {
        "optimizer": {"sgd": 0, "adamw": 1},
        "schedule": {"constant": 0, "step": 1, "poly": 2},
        "loss": {"mean": 0, "sum": 1},
        "class_weights": {"none": 0, "enet": 1},
        "backend": {"cpu": 0, "cuda": 1},
        "precision": {"float32": 0, "tf32": 2, "float16": 3, "bfloat16": 4},
    }

    def __init__(
        self, data: PathLike, output: PathLike, start: Model | None = None, **params: Any
    ) -> None:
        """Prepares to train on `data`, a folder in VOC's layout. The folder `output` gets models,
        a log and a checkpoint after every epoch. `start` is a model to go on from.

        Further parameters are those of fcn_trainer_params in fcn.h, by name; optimizer, schedule,
        loss, class_weights, backend and precision are names in lower case, "adamw" for
        FCN_OPTIMIZER_ADAMW; preprocessing is as for Model.imported.
        """
        super().__init__()
        fields = TrainerParamsStruct()
        lib.fcn_trainer_params_init(byref(fields), ctypes.sizeof(fields))
        fields.data, fields.output = os.fsencode(data), os.fsencode(output)
        if start is not None:
            fields.start = ctypes.cast(start.live, c_void_p)
        settable = {name for name, *_ in fields._fields_} - {
            "struct_size", "data", "output", "start", "reserved", "reserved2"}
        for name, value in params.items():
            if name not in settable:
                raise TypeError(f"there is no parameter {name!r}; there are {sorted(settable)}")
            if name == "preprocessing" and value is not None:
                rule = preprocessing_struct(value)  # lives until the trainer has been made
                value = ctypes.cast(ctypes.pointer(rule), c_void_p)
            elif name in self._choices:
                value = self._choices[name][value]
            elif isinstance(value, (str, os.PathLike)):
                value = os.fsencode(value)
            setattr(fields, name, value)
        lib.fcn_trainer_create(byref(self.pointer), byref(fields))

    def run(self, progress: Callable[[TrainProgress], bool | None] | None = None) -> None:
        """Trains to the end. `progress` hears of every minibatch, measured picture and epoch, and
        stops the run, which then raises FCNError, by returning False; a further run() goes on from
        the last whole epoch."""
        raised: list[BaseException] = []

        def report(pointer: Any, _: Any) -> int:
            try:
                state = TrainProgress._of(pointer.contents)
                return 1 if progress is not None and progress(state) is False else 0
            except BaseException as error:  # to be raised again once C has returned
                raised.append(error)
                return 1

        try:
            lib.fcn_trainer_run(self.live, TrainCallback(report), None)
        except FCNError:
            if raised:
                raise raised[0] from None
            raise
