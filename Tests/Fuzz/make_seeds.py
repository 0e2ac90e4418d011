#!/usr/bin/env python3
"""Writes Tests/Fuzz/Seeds: small files that fuzzing begins with, where the goldens have none.

    Tests/Fuzz/make_seeds.py build/bin/fcn

The command writes models and checkpoints itself. Files of others are the goldens'.
"""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
seeds = here / "Seeds"
fcn = str(pathlib.Path(sys.argv[1]).absolute())


def run(*words):
    subprocess.run([fcn, *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def write(target, name, content):
    path = seeds / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def graph(layers, **members):
    names = ["input"]
    listed = []
    for name, operation, attributes, *inputs in layers:
        listed.append({"name": name, "operation": operation, "inputs": inputs or [names[-1]]})
        if attributes:
            listed[-1]["attributes"] = attributes
        names.append(name)
    return json.dumps({"input_channels": 3, "stride": 1, **members, "layers": listed})


def convolution(channels, kernel=3, **others):
    return {"output_channels": channels, "kernel": kernel, **others}


score = ("score", "convolution", convolution(3, 1, makes_scores=True))
GRAPHS = {
    "plain": graph([
        ("a", "convolution", convolution(16, padding=1)), ("b", "relu", {}),
        ("c", "convolution", convolution(16, padding=1)), ("d", "relu", {}), score]),
    "depthwise": graph([
        ("a", "convolution", convolution(16, 3, stride=2, padding=1, bias=False)),
        ("b", "batch_norm", {}), ("c", "hard_swish", {}),
        ("d", "convolution", convolution(16, 5, padding=4, dilation=2, groups=16)),
        ("e", "clipped_relu", {"limit": 6}), score, ("f", "resize", {}, "score", "input")]),
    "pools": graph([
        ("a", "convolution", convolution(16, 5, padding=2, stride=2)),
        ("b", "max_pool", {"kernel": 3, "stride": 2, "padding": 1}),
        ("c", "average_pool", {"kernel": 2, "stride": 1}),
        ("d", "transposed_convolution", convolution(16, 4, stride=2, padding=1)),
        ("e", "concatenation", {}, "d", "d"), score,
        ("f", "resize", {}, "score", "input")]),
    "gate": graph([
        ("a", "convolution", convolution(16, padding=1)),
        ("b", "global_average_pool", {}), ("c", "convolution", convolution(16, 1)),
        ("d", "sigmoid", {}), ("e", "product", {}, "a", "d"), ("f", "sum", {}, "e", "a"),
        ("g", "softmax", {}), score]),
}

# Words in the order in which the target takes them.
LINES = {
    "segment": "segment\nphoto.jpg\n--overlay\no.png\n--labels=l.png\n--json\n--threads\n2\n"
               "--tiles\nauto\n--memory\n2G\n--class\ncar",
    "train": "train\n--data\nd\n-o\no\n--epochs\n3\n--lr\n0.1\n--schedule\nstep:3:0.5\n--crop\n64x48\n"
             "--scale\n0.5:2\n--class-weights\n1,2,3\n--layer-rate\na=0.5\n--time-limit\n1h30m\n"
             "--optimizer\nsgd\n--momentum\n0.9\n--precision\ntf32\n--device\ncuda:1",
    "init": "init\n--classes\na,b\n--palette\n#000000,#ffffff\n--mean\n1,2,3\n--std\n1,1,1\n--size\n"
            "longest:64\n-o\nx",
    "import": "import\nw.pth\n-o\nm\n--rename\na=b\n--dtype\nf16",
    "scenes": "scenes\n--count\n3\n-o\nx\n--seed\n9\n--",
    "help": "eval\n--help",
}

CLASSES = {
    "names": "background\ncar\nroad\n",
    "comments": "# all\n__ignore__\n_background_\nb\n\n",
    "cvat": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:128,0,0::\n",
    "table": "name,r,g,b\nbackground,0,0,0\ncar,1,2,3\n",
    "utf16": "a\nbä\n".encode("utf-16"),
    "utf8": "\ufeffStraße\r\nWeg\r\n".encode(),
}

LISTS = {
    "plain": "a\nb\n", "paths": "/JPEGImages/a.png /SegmentationClass/a.png\n",
    "endings": "a.png\r\nb.jpg\r\n", "values": "a 1\nb -1\n", "comment": "# c\n\na\n",
}

LOG = (
    "epoch,iteration,learning_rate,train_loss,train_pixel_accuracy,train_mean_accuracy,"
    "train_mean_iu,train_frequency_weighted_iu,train_mean_picture_accuracy,val_loss,"
    "val_pixel_accuracy,val_mean_accuracy,val_mean_iu,val_frequency_weighted_iu,"
    "val_mean_picture_accuracy,elapsed_seconds\n"
    "1,10,0.001,2.5,0.5,0.4,0.3,0.2,0.5,,,,,,,3.5\n"
    "2,20,0.0005,1.5,0.6,0.5,0.4,0.3,0.6,1.25,0.5,0.5,0.375,0.25,0.5,7.0\n"
)

JSONS = {
    "values": '{"a": [1, -2.5e3, true, false, null, "x\\u00e9\\n\\ud83d\\ude00"], "b": {"c": {}}}',
    "numbers": "[0, -0, 1e308, 5e-324, 9007199254740993, 0.1]",
}

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><labels>
<label><name>x</name><color>#fa3253</color><type>any</type></label>
<label><name>y &amp; z</name><color>#33ddff</color></label></labels></task></meta>
<image id="0" name="a.png" subset="train" width="16" height="12">
<polygon label="x" points="1.5,1;9,2.25;5,11" z_order="2"></polygon>
<box label="y &amp; z" xtl="2" ytl="3" xbr="9" ybr="8" rotation="30" z_order="1"/>
<mask label="x" rle="1, 2, 3, 3" left="4" top="2" width="3" height="3" z_order="0"/>
<ellipse label="y &amp; z" cx="8" cy="6" rx="4" ry="2.5" rotation="10"/>
<points label="x" points="1,1"/></image></annotations>
"""

# The picture segments.png has one colour, which is the number 263.
PANOPTIC = json.dumps({
    "images": [{"id": 1, "file_name": "a.png", "width": 16, "height": 12}],
    "categories": [{"id": 1, "name": "x", "color": [1, 2, 3]}, {"id": 2, "name": "y"}],
    "annotations": [{"image_id": 1, "file_name": "segments.png", "segments_info": [
        {"id": 263, "category_id": 1, "iscrowd": 0}, {"id": 9, "category_id": 2}]}]})

XMLS = {
    "plain": "<a x='1' y=\"&lt;&#65;&#x42;\"><!-- c --><b/>text<![CDATA[<&]]></a>",
    "declared": "\ufeff<?xml version='1.0' encoding='UTF-8'?><a></a>\n",
    "entities": "<!DOCTYPE a [<!ENTITY b 'b'>]><a>&b;</a>",
    "cvat": CVAT,
}


def models(folder):
    for name, text in GRAPHS.items():
        write("graph", f"{name}.json", text)
        path = folder / f"{name}.json"
        path.write_text(text)
        out = folder / "model.safetensors"
        run("init", "--graph", path, "--classes", "a,b,c", "--half", "-q", "-o", out)
        write("model", f"{name}.safetensors", out.read_bytes())
    out = folder / "named.safetensors"
    run("init", "--classes", "a,b", "--width", "0.01", "--half", "-q", "-o", out)
    write("model", "named.safetensors", out.read_bytes())
    run("scenes", "--train", 2, "--val", 1, "--size", "64x48", "-q", "-o", folder / "data")
    run("quantize", "--model", out, "-o", folder / "q", folder / "data" / "JPEGImages", "-q")
    write("model", "calibrated.safetensors", (folder / "q").read_bytes())
    graph = folder / "small.json"
    graph.write_text(json.dumps({
        "input_channels": 3, "stride": 1, "layers": [
            {"name": "score", "operation": "convolution", "inputs": ["input"],
             "attributes": {"output_channels": 11, "kernel": 1, "makes_scores": True}}]}))
    for name in ["adamw", "sgd"]:
        run("train", "--data", folder / "data", "--graph", graph, "--epochs", 1, "--optimizer", name,
            "--size", "native", "--crop", "32x32", "-q", "-o", folder / name)
        write("checkpoint", f"{name}.safetensors",
              (folder / name / "checkpoint.safetensors").read_bytes())


def calls():
    # Any bytes are calls: some, from one seed.
    generator = random.Random(1)
    for number in range(12):
        write("calls", f"{number}", bytes(generator.randrange(256) for _ in range(200)))
        write("kernels", f"{number}", bytes(generator.randrange(256) for _ in range(60)))
    # A model, a session, and what can be asked of it.
    plain = [3, 0, 1, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0] + [0] * 8
    write("calls", "plain", bytes(plain + ([8, 0, 5] + [20, 30, 1, 0, 0, 1] * 3 + [11, 0, 0, 0]) * 6))


shutil.rmtree(seeds, ignore_errors=True)
for target, texts in [("command", LINES), ("classes", CLASSES), ("list", LISTS), ("json", JSONS),
                      ("xml", XMLS), ("cvatxml", {"cvat": CVAT}), ("panoptic", {"plain": PANOPTIC})]:
    for name, text in texts.items():
        write(target, name, text)
write("log", "log.csv", LOG)
with tempfile.TemporaryDirectory() as folder:
    models(pathlib.Path(folder))
calls()
