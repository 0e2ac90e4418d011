#!/usr/bin/env python3
"""Makes the annotations here with the tools' own libraries, and the labels that these read in them.

    pip install numpy pillow pycocotools cityscapesscripts datumaro cvat-sdk loguru tifffile
    pip install --no-deps labelme && python3 make_annotations.py [labelme cvat…]

labelme: its reader and writer of JSON, and `utils.shapes_to_label`, which its labelme2voc calls; what
its windows need beside is faked. CVAT writes "Segmentation mask 1.1" through datumaro, which writes CVAT's
own XML too, and COCO's panoptic files; masks of a part of a picture are packed by cvat_sdk. COCO's masks are
packed, and polygons drawn, by pycocotools, which CVAT draws its polygons and boxes with too. Cityscapes'
label pictures are drawn by cityscapesscripts.

expected/ holds, for each picture, the classes as a palette PNG.
"""

import json
import pathlib
import shutil
import sys
import types
import zipfile

import numpy as np
import PIL.Image

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT = 64, 48


def picture(path, width=WIDTH, height=HEIGHT, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 90)], 2)
    PIL.Image.fromarray(pixels.astype(np.uint8)).save(path, **options)


def expect(name, labels):
    path = HERE / "expected" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image = PIL.Image.fromarray(labels.astype(np.uint8)).convert("P")
    image.putpalette([value for index in range(256) for value in (index * 7 % 256, index, 99)])
    image.save(path, optimize=True)


def labelme():
    # What the windows need, not the files.
    for name in ("onnxruntime", "imgviz", "imgviz.io", "skimage", "skimage.measure", "PyQt5",
                 "PyQt5.QtGui", "PyQt5.QtCore", "PyQt5.QtWidgets"):
        fake = types.ModuleType(name)
        fake.__getattr__ = lambda attribute: type(attribute, (), {})
        fake.__path__ = []
        sys.modules[name] = fake
    from labelme import _label_file, utils

    folder = HERE / "labelme"
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture(folder / "a.jpg", quality=60)
    picture(folder / "turned.jpg", quality=60, exif=exif)
    picture(folder / "pictures" / "within.png")
    mask = np.zeros((9, 12), bool)
    mask[2:7, 1:11] = True
    mask[4, 5] = False

    def shape(label, points, kind="polygon", **more):
        return {"label": label, "points": points, "group_id": None, "description": "",
                "shape_type": kind, "flags": {}, "mask": None, **more}

    star = [[20.3, 3.7], [24.1, 15.2], [37.9, 15.9], [26.5, 22.4], [31.2, 36.6], [20.8, 27.1],
            [8.4, 35.5], [14.9, 22.2], [3.1, 14.8], [15.6, 14.3]]
    shapes = {
        "a.json": [
            shape("cat", star),
            shape("dog", [[30.6, 8.2], [60.9, 20.7]], "rectangle", group_id=1),
            shape("cat", [[50.2, 33.3], [57.7, 38.1]], "circle", flags={"blurred": True}),
            shape("dog", [[40, 24], [51, 32]], "mask",
                  mask=utils.img_arr_to_b64(mask.astype(np.uint8))),
            shape("__ignore__", [[0, 40.5], [12.2, 47.9], [-3.5, 52.0]]),
            shape("dog", [[61.5, 2.5]], "point"),
            shape("cat", [[3.0, 3.0], [9.0, 5.0]], "line"),
        ],
        "turned.json": [shape("dog", [[2.2, 50.1], [30.7, 61.4], [45.8, 40.9], [9.3, 33.3]])],
        "within.json": [shape("_background_", [[3, 3], [9, 9]], "rectangle")],
    }
    for name, list_of_shapes in shapes.items():
        stem = name.removesuffix(".json")
        path = "pictures/within.png" if stem == "within" else f"{stem}.jpg"
        data = _label_file.read_image_file(str(folder / path))
        height, width = utils.img_data_to_arr(data).shape[:2]
        _label_file.write_label_file(
            str(folder / name), shapes=list_of_shapes, image_path=path.replace("/", "\\"),
            image_data=data if stem == "within" else None, image_height=height,
            image_width=width, flags={})
        read = _label_file.read_label_file(str(folder / name))
        drawn = [s for s in read.shapes if s["shape_type"] not in ("point", "line")]
        labels, _ = utils.shapes_to_label(
            (height, width), drawn,
            {"_background_": 0, "cat": 1, "dog": 2, "__ignore__": 255})
        expect(f"labelme/{stem}.png", labels)
    # Its picture is in the annotation alone.
    shutil.rmtree(folder / "pictures")


def scene():
    """Labels 0 to 3 and 255 of a picture."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    labels = np.where(y > 30, 1, 0)
    labels[(x - 40) ** 2 + (y - 20) ** 2 < 150] = 2
    labels[10:40, 8:14] = 3
    return labels


def cvat():
    import datumaro
    from datumaro.components.annotation import Mask

    folder = HERE / "cvat"
    scratch = HERE / "scratch"
    names = ["background", "road", "tree", "pole", "sky"]
    colours = [(0, 0, 0), (128, 64, 128), (107, 142, 35), (153, 153, 153), (70, 130, 180)]
    labels = scene()
    items = []
    for index in range(2):
        picture(scratch / f"day/{index}.jpg", quality=60)
        shown = np.roll(labels, 5 * index, 1)
        masks = [Mask(shown == label, label=label, z_order=0) for label in (1, 2, 3)]
        items.append(datumaro.DatasetItem(
            id=f"day/{index}", subset="default", annotations=masks,
            media=datumaro.Image.from_file(path=str(scratch / f"day/{index}.jpg"))))
        expect(f"cvat/day/{index}.png", shown)
    dataset = datumaro.Dataset.from_iterable(items, categories=names)
    label_map = {name: [colour, [], []] for name, colour in zip(names, colours)}
    dataset.export(str(folder), "voc_segmentation", save_media=True, label_map=label_map,
                   apply_colormap=True)
    shutil.rmtree(scratch)
    shutil.rmtree(folder / "SegmentationObject", ignore_errors=True)
    # As it is downloaded, packed in both of zip's ways.
    with zipfile.ZipFile(HERE / "cvat.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.*")):
            method = zipfile.ZIP_STORED if path.suffix == ".jpg" else zipfile.ZIP_DEFLATED
            entry = zipfile.ZipInfo(str(path.relative_to(folder)))
            archive.writestr(entry, path.read_bytes(), method)
    shutil.rmtree(folder)


def coco():
    from pycocotools import mask as packing
    from pycocotools.coco import COCO

    folder = HERE / "coco"
    picture(folder / "images" / "a.jpg", quality=60)
    picture(folder / "images" / "b.jpg", quality=60)
    crowd = np.zeros((HEIGHT, WIDTH), np.uint8)
    crowd[5:40, 30:60] = 1
    packed = packing.encode(np.asfortranarray(crowd))
    blob = np.zeros((HEIGHT, WIDTH), np.uint8)
    blob[20:30, 22:28] = 1
    flat = blob.flatten(order="F")
    ends = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()
    big = [2.31, 1.77, 33.4, 6.05, 41.29, 25.5, 20.02, 44.9, 5.5, 30.33]
    small = [[10.1, 10.2, 18.7, 9.9, 15.3, 21.4], [24.5, 12.5, 30.5, 12.5, 30.5, 18.5, 24.5, 18.5]]
    outside = [50.5, -7.5, 80.2, 20.1, 55.7, 60.3]
    document = {
        "info": {"note": {"nested": [1, 2.5e-3, None, True]}},
        "annotations": [
            {"id": 1, "image_id": 70, "category_id": 9, "segmentation": small, "iscrowd": 0},
            {"id": 2, "image_id": 70, "category_id": 4, "segmentation": [big], "iscrowd": 0},
            {"id": 3, "image_id": 70, "category_id": 90, "iscrowd": 1,
             "segmentation": {"size": packed["size"], "counts": packed["counts"].decode()}},
            {"id": 4, "image_id": 70, "category_id": 90, "iscrowd": 0,
             "segmentation": {"size": [HEIGHT, WIDTH], "counts": runs}},
            {"id": 5, "image_id": 70, "category_id": 9, "segmentation": [outside], "iscrowd": 0},
        ],
        "images": [{"id": 70, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT},
                   {"id": 3, "file_name": "b.jpg", "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 90, "name": "person"}, {"id": 4, "name": "tree"},
                       {"id": 9, "name": "dog"}],
    }
    (folder / "instances.json").write_text(json.dumps(document))
    api = COCO(str(folder / "instances.json"))
    found = [(a["iscrowd"] == 0, -int(api.annToMask(a).sum()), a) for a in api.dataset["annotations"]]
    labels = np.zeros((HEIGHT, WIDTH), int)
    for _, _, annotation in sorted(found, key=lambda entry: entry[:2]):
        labels[api.annToMask(annotation) > 0] = {90: 1, 4: 2, 9: 3}[annotation["category_id"]]
    expect("coco/a.png", labels)
    expect("coco/b.png", labels * 0)


def cityscapes():
    from cityscapesscripts.preparation.json2labelImg import json2labelImg

    folder = HERE / "cityscapes"
    for split, city in (("train", "bonn"), ("val", "ulm")):
        frame = f"{city}_000000_000019"
        picture(folder / f"leftImg8bit/{split}/{city}/{frame}_leftImg8bit.png")
        document = {"imgHeight": HEIGHT, "imgWidth": WIDTH, "objects": [
            {"label": label, "polygon": polygon} for label, polygon in (
                ("sky", [[0, 0], [63, 0], [63, 20], [0, 20]]),
                ("road", [[0, 30], [63, 25], [63, 47], [0, 47]]),
                ("ego vehicle", [[10, 40], [50, 40], [55, 47], [5, 47]]),
                ("car", [[20, 22], [35, 22], [38, 33], [18, 33]]),
                ("bicyclegroup", [[50, 24], [60, 24], [60, 36], [50, 36]]),
                ("rail track", [[0, 25], [10, 22], [10, 30]]),
                ("license plate", [[24, 28], [28, 28], [28, 30], [24, 30]]))]}
        base = folder / f"gtFine/{split}/{city}/{frame}_gtFine"
        base.parent.mkdir(parents=True, exist_ok=True)
        polygons = pathlib.Path(f"{base}_polygons.json")
        polygons.write_text(json.dumps(document))
        trained = f"{base}_labelTrainIds.png"
        json2labelImg(str(polygons), f"{base}_labelIds.png", "ids")
        json2labelImg(str(polygons), trained, "trainIds")
        expect(f"cityscapes/{city}/{frame}.png", np.array(PIL.Image.open(trained)))
        # One list is read by all ids, the other by those of the classes.
        pathlib.Path(trained if split == "train" else f"{base}_labelIds.png").unlink()
        polygons.unlink()


def drawn(points):
    """A polygon as pycocotools fills it."""
    from pycocotools import mask as packing

    flat = np.asarray(points, float).reshape(-1).tolist()
    return packing.decode(packing.merge(packing.frPyObjects([flat], HEIGHT, WIDTH))) > 0


def cvat_images():
    """CVAT's XML as datumaro writes it; beside it, by hand, what CVAT has and datumaro does not write:
    colours, an ellipse, a mask within a box, lines."""
    import datumaro
    from cvat_sdk.masks import encode_mask
    from datumaro.components.annotation import Bbox, Label, Mask, Points, Polygon, RotatedBbox

    folder = HERE / "cvat-images"
    scratch = HERE / "scratch"
    names = ["road", "tree", "pole", "A & B"]
    star = [20.25, 3.75, 24, 15.25, 37.75, 15.75, 26.5, 22.5, 31.25, 36.5, 20.75, 27, 8.5, 35.5, 15, 22.25,
            3, 14.75, 15.5, 14.25]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (x - 50) ** 2 + (y - 10) ** 2 < 40
    picture(scratch / "day/0.jpg", quality=60)
    picture(scratch / "1.jpg", quality=60)
    first = [Polygon(star, label=1, z_order=3), Bbox(5.25, 10.5, 30, 25.25, label=0, z_order=2),
             Mask(disc, label=2, z_order=1), RotatedBbox(40, 30, 20, 9, 30, label=3, z_order=1),
             Points([3, 3, 4, 4], label=2), Label(1)]
    items = [
        datumaro.DatasetItem(
            id="day/0", subset="default", annotations=first,
            media=datumaro.Image.from_file(path=str(scratch / "day/0.jpg"))),
        datumaro.DatasetItem(
            id="1", subset="default", annotations=[],
            media=datumaro.Image.from_file(path=str(scratch / "1.jpg")))]
    datumaro.Dataset.from_iterable(items, categories=names).export(str(folder), "cvat", save_media=True)
    labels = np.zeros((HEIGHT, WIDTH), int)
    labels[disc] = 3
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    labels[drawn(np.array([[-10, -4.5], [-10, 4.5], [10, 4.5], [10, -4.5]]) @ turn.T + [40, 30])] = 4
    labels[drawn([5.25, 10.5, 5.25, 35.75, 35.25, 35.75, 35.25, 10.5])] = 1
    labels[drawn(star)] = 2
    expect("cvat-images/day/0.png", labels)
    # What CVAT adds.
    document = (folder / "default.xml").read_text()
    for name, colour in zip(["road", "tree", "pole", "A &amp; B"],
                            ["#804080", "#6b8e23", "#999999", "#4682b4"]):
        document = document.replace(
            f"<name>{name}</name>", f"<name>{name}</name><color>{colour}</color><type>any</type>", 1)
    *runs, left, top, right, bottom = encode_mask(disc | ((x > 20) & (x < 30) & (y > 8) & (y < 12)))
    shapes = (
        f'<mask label="pole" source="manual" occluded="0" rle="{", ".join(map(str, runs))}" left="{left}" '
        f'top="{top}" width="{right - left + 1}" height="{bottom - top + 1}" z_order="0"></mask>'
        '<ellipse label="tree" source="manual" occluded="0" cx="30.50" cy="30.00" rx="16.25" ry="7.50" '
        'rotation="20" z_order="0"><attribute name="a">&lt;b&gt;</attribute></ellipse>'
        '<polyline label="road" points="1,1;9,9" z_order="0"/>')
    head, tail = document.split('name="1.jpg"')
    tail = tail.replace(">", f">{shapes}", 1)
    document = f'{head}name="1.jpg"{tail}'
    labels = np.zeros((HEIGHT, WIDTH), int)
    labels[disc | ((x > 20) & (x < 30) & (y > 8) & (y < 12))] = 3
    dx, dy = x + 0.5 - 30.5, y + 0.5 - 30
    c, s = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    labels[((dx * c + dy * s) / 16.25) ** 2 + ((dy * c - dx * s) / 7.5) ** 2 <= 1] = 2
    expect("cvat-images/1.png", labels)
    with zipfile.ZipFile(HERE / "cvat-images.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("annotations.xml"), document, zipfile.ZIP_DEFLATED)
        for path in sorted((folder / "images").rglob("*.jpg")):
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes())
    shutil.rmtree(scratch)
    shutil.rmtree(folder)


def panoptic():
    import datumaro
    from datumaro.components.annotation import Mask

    folder = HERE / "panoptic"
    scratch = HERE / "scratch"
    labels = scene()
    items = []
    for index in range(2):
        picture(scratch / f"{index}.jpg", quality=60)
        shown = np.roll(labels, 5 * index, 1)
        # Two segments of one class, and numbers that take more than one byte.
        halves = [(shown == 1) & (np.mgrid[:HEIGHT, :WIDTH][1] < 30)]
        halves.append((shown == 1) & ~halves[0])
        masks = [Mask(half, label=0, id=300 + i) for i, half in enumerate(halves)]
        masks += [Mask(shown == label, label=label - 1, id=70000 * label) for label in (2, 3)]
        items.append(datumaro.DatasetItem(
            id=str(index), subset="train", annotations=masks,
            media=datumaro.Image.from_file(path=str(scratch / f"{index}.jpg"))))
        expect(f"panoptic/{index}.png", shown)
    datumaro.Dataset.from_iterable(items, categories=["road", "tree", "pole"]).export(
        str(folder), "coco_panoptic", save_media=True)
    shutil.rmtree(scratch)


makes = {make.__name__: make for make in (labelme, cvat, coco, cityscapes, cvat_images, panoptic)}
for name in sys.argv[1:] or makes:
    makes[name]()
