"""Segments pictures: prints the share of each class, writes label maps and overlays if asked to.

    python3 segment.py photo.jpg [more.png ...] [--model M] [--labels FOLDER] [--overlay FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fcnswift


def main() -> int:
    parser = argparse.ArgumentParser(description="Segments pictures with libfcn.")
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, help="a model file; the installed one by default")
    parser.add_argument("--labels", type=Path, metavar="FOLDER", help="where label PNGs go")
    parser.add_argument("--overlay", type=Path, metavar="FOLDER", help="where overlays go")
    parser.add_argument("--threads", type=int, default=0, help="0, the default, for all cores")
    arguments = parser.parse_args()
    for folder in filter(None, [arguments.labels, arguments.overlay]):
        folder.mkdir(parents=True, exist_ok=True)

    with (
        fcnswift.Model(arguments.model) if arguments.model else fcnswift.Model.default() as model,
        fcnswift.Session(model, threads=arguments.threads) as session,
    ):
        for path in arguments.pictures:
            with fcnswift.Image(path) as image:
                picture = image.array
            labels = session.segment(picture)
            print(f"{path}: {picture.shape[1]} x {picture.shape[0]}")
            for name, area in session.areas().items():
                if area:
                    print(f"  {name:14} {100 * area / labels.size:6.2f} %")
            if arguments.labels:
                fcnswift.save_labels(arguments.labels / f"{path.stem}.png", labels, model)
            if arguments.overlay:
                with fcnswift.overlay(picture, labels, model) as drawn:
                    drawn.save(arguments.overlay / f"{path.stem}.png")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except fcnswift.FCNError as error:
        sys.exit(f"{error.name}: {error}")
