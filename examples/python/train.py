"""Trains a model on a VOC-style folder and shows how it gets on.

    python3 train.py DATA OUTPUT [--epochs N] [--width W] [--resume]

DATA has JPEGImages, SegmentationClass, ImageSets/Segmentation/train.txt, perhaps val.txt, and
class_names.txt. OUTPUT gets the models, a checkpoint and log.csv. Ctrl-C stops at the last whole
epoch, from which --resume goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fcnswift


def show(progress: fcnswift.TrainProgress) -> None:
    if progress.event != "epoch":
        return
    text = f"epoch {progress.epoch} of {progress.epoch_count}: loss {progress.loss:.4f}"
    if progress.validation_mean_iu is not None:
        text += f", validation mean IU {progress.validation_mean_iu:.3f}"
    print(f"{text}, {progress.elapsed_ms / 1000:.0f} s", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Trains a model with libfcn.")
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=int, help="by default as suits the number of pictures")
    parser.add_argument("--width", type=float, help="1 is the published network")
    parser.add_argument("--crop", type=int, help="side of the training pieces")
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()

    has_validation = (arguments.data / "ImageSets" / "Segmentation" / "val.txt").exists()
    # What is not given follows from the data.
    settings = {
        "epochs": arguments.epochs, "width": arguments.width, "crop_width": arguments.crop,
        "crop_height": arguments.crop, "validation_split": "val" if has_validation else None}
    with fcnswift.Trainer(
        arguments.data, arguments.output, resume=arguments.resume,
        **{name: value for name, value in settings.items() if value is not None},
    ) as trainer:
        trainer.run(show)
    with fcnswift.Model(arguments.output / "model.safetensors") as model:
        print(f"{model.parameter_count} parameters, classes {', '.join(model.class_names)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except fcnswift.FCNError as error:
        sys.exit(f"{error.name}: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped; --resume goes on from the last whole epoch")
