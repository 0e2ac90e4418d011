#!/usr/bin/env python3
"""Annotations as tools write them, converted, trained on and evaluated; see scripts/check-converters."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import types
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image

#: What Cityscapes calls CamVid's classes.
CITYSCAPES = {
    "sky": "sky", "building": "building", "pole": "pole", "road": "road", "pavement": "sidewalk",
    "sidewalk": "sidewalk", "tree": "vegetation", "sign_symbol": "traffic sign", "signsymbol": "traffic sign",
    "fence": "fence", "car": "car", "pedestrian": "person", "bicyclist": "rider"}
Pictures = list[tuple[Path, np.ndarray]]


def polygons(labels: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Outlines of regions from the largest to the smallest, which is drawn over them."""
    found = []
    for label in np.unique(labels[labels != 255]):
        outlines, _ = cv2.findContours(
            (labels == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found += [(int(label), o[:, 0]) for o in outlines if len(o) >= 3 and cv2.contourArea(o) >= 4]
    return sorted(found, key=lambda region: -cv2.contourArea(region[1]))


def labelme(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    for name in ("onnxruntime", "imgviz", "imgviz.io", "skimage", "skimage.measure", "PyQt5",
                 "PyQt5.QtGui", "PyQt5.QtCore", "PyQt5.QtWidgets"):
        fake = types.ModuleType(name)
        fake.__getattr__ = lambda attribute: type(attribute, (), {})
        fake.__path__ = []
        sys.modules[name] = fake
    from labelme import _label_file

    for path, labels in pictures:
        (folder / path.name).symlink_to(path)
        shapes = [
            {"label": names[label], "points": outline.astype(float).tolist(), "group_id": None,
             "description": "", "shape_type": "polygon", "flags": {}, "mask": None}
            for label, outline in polygons(labels)]
        _label_file.write_label_file(
            str(folder / f"{path.stem}.json"), shapes=shapes, image_path=path.name, image_data=None,
            image_height=labels.shape[0], image_width=labels.shape[1], flags={})
    return [str(folder), "--classes", ",".join(names), "--unlabelled", "ignore"]


def cvat(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    import datumaro
    from datumaro.components.annotation import Mask

    items = [
        datumaro.DatasetItem(
            id=path.stem, subset="default", media=datumaro.Image.from_file(path=str(path)),
            annotations=[Mask(labels == label, label=int(label) + 1, z_order=0)
                         for label in np.unique(labels[labels != 255])])
        for path, labels in pictures]
    listed = ["background"] + names
    colours = np.random.default_rng(1).permutation(np.arange(1, 1 << 12))[:len(names)]
    label_map = {"background": [(0, 0, 0), [], []]} | {
        name: [(int(c >> 8) * 16, int(c >> 4 & 15) * 16, int(c & 15) * 16 + 8), [], []]
        for name, c in zip(names, colours)}
    datumaro.Dataset.from_iterable(items, categories=listed).export(
        str(folder / "export"), "voc_segmentation", save_media=True, label_map=label_map,
        apply_colormap=True)
    with zipfile.ZipFile(folder / "task.zip", "w") as archive:
        for path in sorted((folder / "export").rglob("*.*")):
            if "SegmentationObject" not in path.parts:
                archive.write(path, path.relative_to(folder / "export"))
    return [str(folder / "task.zip"), "--classes", ",".join(names), "--others", "ignore"]


def cvat_images(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    """CVAT's own XML: outlines, and in every fourth picture masks."""
    import datumaro
    from datumaro.components.annotation import Mask, Polygon

    items = []
    for index, (path, labels) in enumerate(pictures):
        shapes = (
            [Mask(labels == label, label=int(label), z_order=0) for label in np.unique(labels[labels != 255])]
            if index % 4 == 0 else
            [Polygon(outline.astype(float).reshape(-1).tolist(), label=label, z_order=depth)
             for depth, (label, outline) in enumerate(polygons(labels))])
        items.append(datumaro.DatasetItem(
            id=path.stem, subset="default", annotations=shapes,
            media=datumaro.Image.from_file(path=str(path))))
    datumaro.Dataset.from_iterable(items, categories=names).export(
        str(folder / "export"), "cvat", save_media=True)
    (folder / "export" / "default.xml").rename(folder / "export" / "annotations.xml")
    with zipfile.ZipFile(folder / "task.zip", "w") as archive:
        for path in sorted((folder / "export").rglob("*.*")):
            archive.write(path, path.relative_to(folder / "export"))
    return [str(folder / "task.zip"), "--classes", ",".join(names), "--unlabelled", "ignore"]


def panoptic(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    """COCO's panoptic files: a segment for each region of a class."""
    import datumaro
    from datumaro.components.annotation import Mask

    items = []
    for path, labels in pictures:
        masks, count = [], 0
        for label in np.unique(labels[labels != 255]):
            _, regions = cv2.connectedComponents((labels == label).astype(np.uint8))
            for region in range(1, regions.max() + 1):
                count += 1
                # Numbers of more than one byte.
                masks.append(Mask(regions == region, label=int(label), id=count * 997))
        items.append(datumaro.DatasetItem(
            id=path.stem, subset="default", annotations=masks,
            media=datumaro.Image.from_file(path=str(path))))
    datumaro.Dataset.from_iterable(items, categories=names).export(
        str(folder), "coco_panoptic", save_media=True)
    return [str(folder / "annotations" / "panoptic_default.json"), "--classes", ",".join(names),
            "--unlabelled", "ignore"]


def coco(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    from pycocotools import mask as packing
    from pycocotools.coco import COCO

    images, annotations = [], []
    for index, (path, labels) in enumerate(pictures):
        images.append({"id": index, "file_name": path.name, "width": labels.shape[1],
                       "height": labels.shape[0]})
        for label in np.unique(labels[labels != 255]):
            packed = packing.encode(np.asfortranarray((labels == label).astype(np.uint8)))
            annotations.append({
                "id": len(annotations) + 1, "image_id": index, "category_id": int(label) + 1,
                "iscrowd": 0, "area": float(packing.area(packed)),
                "bbox": packing.toBbox(packed).tolist(),
                "segmentation": {"size": packed["size"], "counts": packed["counts"].decode()}})
    file = folder / "instances.json"
    file.write_text(json.dumps({
        "images": images, "annotations": annotations,
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(names)]}))
    with contextlib.redirect_stdout(io.StringIO()):
        assert len(COCO(str(file)).anns) == len(annotations)
    return [str(file), "--images", str(pictures[0][0].parent), "--classes", ",".join(names),
            "--unlabelled", "ignore"]


def coco_outlines(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    """COCO's polygons, with the area by which the smaller one lies on top."""
    images, annotations = [], []
    for index, (path, labels) in enumerate(pictures):
        images.append({"id": index, "file_name": path.name, "width": labels.shape[1],
                       "height": labels.shape[0]})
        for label, outline in polygons(labels):
            # From corners of pixels to their middles.
            corners = outline.astype(float) + 0.5
            annotations.append({
                "id": len(annotations) + 1, "image_id": index, "category_id": label + 1, "iscrowd": 0,
                "area": float(cv2.contourArea(outline)), "bbox": list(cv2.boundingRect(outline)),
                "segmentation": [corners.reshape(-1).tolist()]})
    file = folder / "instances.json"
    file.write_text(json.dumps({
        "images": images, "annotations": annotations,
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(names)]}))
    return [str(file), "--images", str(pictures[0][0].parent), "--classes", ",".join(names),
            "--unlabelled", "ignore"]


def cityscapes(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    from cityscapesscripts.preparation.json2labelImg import json2labelImg

    for index, (path, labels) in enumerate(pictures):
        split = "val" if index % 4 == 3 else "train"
        frame = f"camvid_{index:06d}_000019"
        picture = folder / f"leftImg8bit/{split}/camvid/{frame}_leftImg8bit.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).convert("RGB").save(picture)
        base = folder / f"gtFine/{split}/camvid/{frame}_gtFine"
        base.parent.mkdir(parents=True, exist_ok=True)
        file = Path(f"{base}_polygons.json")
        file.write_text(json.dumps({
            "imgHeight": labels.shape[0], "imgWidth": labels.shape[1],
            "objects": [
                {"label": CITYSCAPES[names[label].lower()], "polygon": outline.tolist()}
                for label, outline in polygons(labels) if names[label].lower() in CITYSCAPES]}))
        json2labelImg(str(file), f"{base}_labelIds.png", "ids")
    return [str(folder)]


def binary(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    road = [name.lower() for name in names].index("road")
    for part in ("images", "masks"):
        (folder / part).mkdir()
    for path, labels in pictures:
        (folder / "images" / path.name).symlink_to(path)
        Image.fromarray(np.where(labels == road, 255, 0).astype(np.uint8)).save(
            folder / "masks" / f"{path.stem}.png")
    return [str(folder)]


def png(folder: Path, names: list[str], pictures: Pictures) -> list[str]:
    """Label pictures whose classes are counted from 1, as many datasets have them."""
    for path, labels in pictures:
        Image.fromarray(np.where(labels == 255, 255, labels + 1).astype(np.uint8)).save(
            folder / f"{path.stem}.png")
    return [str(folder), "--images", str(pictures[0][0].parent), "--classes", ",".join(names),
            "--shift-labels", "-1"]


#: Who writes the annotations, by what `fcn convert --from` calls the tool, and how many of the labels are
#: the same at least: outlines lose regions of less than four pixels, and those that go through the middle
#: of pixels, as OpenCV's do, half of their edge where a tool covers what lies inside.
TOOLS = [(labelme, "labelme", 0.99), (cvat, "cvat", 1), (cvat_images, "cvat", 0.95), (coco, "coco", 1),
         (coco_outlines, "coco", 0.95), (panoptic, "coco", 1), (cityscapes, "cityscapes", 0.99),
         (binary, "binary", 1), (png, "png", 1)]


def kept(data: Path, write: object, names: list[str], pictures: Pictures) -> float:
    """The share of CamVid's labelled pixels that are of the same class in `data`."""
    classes = (data / "class_names.txt").read_text().splitlines()
    called = {name: name for name in names}
    if write is cityscapes:
        called = {name: CITYSCAPES[name.lower()] for name in names}
    if write is binary:
        called = {name: "foreground" if name.lower() == "road" else "background" for name in names}
    wanted = np.array([classes.index(called[name]) for name in names])
    same = total = 0
    for index, (path, labels) in enumerate(pictures):
        name = f"camvid/camvid_{index:06d}_000019" if write is cityscapes else path.stem
        found = np.asarray(Image.open(data / "SegmentationClass" / f"{name}.png"))
        known = labels != 255
        same += int((found[known] == wanted[labels[known]]).sum())
        total += int(known.sum())
    return same / total


def main(camvid: str, seconds: str = "60", most: str = "160") -> int:
    root = Path(camvid).resolve()
    names = (root / "class_names.txt").read_text().split("\n")
    names = [name.strip() for name in names if name.strip()]
    found = sorted((root / "SegmentationClass").glob("*.png"))
    chosen = found[::max(1, len(found) // int(most))][:int(most)]
    pictures = []
    for path in chosen:
        picture = next((root / "JPEGImages").glob(f"{path.stem}.*"))
        pictures.append((picture, np.asarray(Image.open(path))))
    fcn = os.environ["FCN"]
    failed = 0
    print("| tool | pictures | labels that are the same | seconds: convert, train, eval | mean IU | "
          "pixel accuracy |\n|---|---|---|---|---|---|", flush=True)
    for write, tool, least in TOOLS:
        with TemporaryDirectory() as scratch:
            folder = Path(scratch, write.__name__)
            folder.mkdir()
            data, out = f"{scratch}/data", f"{scratch}/out"
            try:
                words = write(folder, names, pictures)
                taken = []
                for command in (
                    ["convert", "--from", tool, *words, "-o", data, "-q"]
                    + ([] if write is cityscapes else ["--val", "0.25"]),
                    ["train", "--data", data, "-o", out, "--time-limit", f"{seconds}s", "-q"],
                    ["eval", "--model", f"{out}/best.safetensors", "--data", data, "--split", "val",
                     "--json", "-q"],
                ):
                    begin = time.monotonic()
                    done = subprocess.run(
                        [fcn, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    taken.append(f"{time.monotonic() - begin:.1f}")
                    if done.returncode != 0:
                        raise RuntimeError(f"fcn {' '.join(command)}: {done.stderr.strip()[-500:]}")
                report = json.loads(done.stdout)
                same = kept(Path(data), write, names, pictures)
                print(
                    f"| {write.__name__} | {len(pictures)} | {same:.4%} | {', '.join(taken)} | "
                    f"{report['mean_iu']:.3f} | {report['pixel_accuracy']:.3f} |", flush=True)
                if same < least:
                    raise RuntimeError(f"{same:.4%} of the labels are the same; wanted {least:.2%}")
            except (RuntimeError, KeyError, ValueError) as error:
                failed = 1
                print(f"{write.__name__}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
