"""Segmentation of a folder of pictures on a cluster of Apache Spark's: the extra fcnswift[spark].

    pictures = spark.read.format("binaryFile").load("hdfs:///photos")
    segmented = fcnswift.spark.segment_images(pictures, "street.safetensors")
    segmented.write.parquet("hdfs:///labels")

The model's file goes to every machine once (SparkContext.addFile) and is opened once in each Python
worker, whose session has as many threads as `spark.task.cpus` gives a task. A picture that cannot be read
becomes a row that says why.
"""

from __future__ import annotations

import argparse
import atexit
import hashlib
import importlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ._native import FCNError
from ._png import png_bytes
from .segmentation import ModelLike, opened
from .model import Model
from .session import Precision, Session

#: What segment_images makes of a picture.
SCHEMA = (
    "path string, width int, height int, labels binary, areas map<string,bigint>, error string")
_COLUMNS = ["path", "width", "height", "labels", "areas", "error"]

#: The sessions of this Python worker, by what they were made of.
_sessions: dict[tuple[Any, ...], tuple[Model, Session]] = {}


def _session(path: str, threads: int, precision: Precision) -> tuple[Model, Session]:
    """That of this worker. Spark keeps workers from task to task."""
    status = os.stat(path)
    key = (path, status.st_size, status.st_mtime_ns, threads, precision)
    if key not in _sessions:
        model = Model(path)
        _sessions.clear()
        _sessions[key] = model, Session(model, threads=threads, precision=precision)
    return _sessions[key]


def _row(path: str, content: bytes | None, model: Model, session: Session) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": path, "width": None, "height": None, "labels": None, "areas": None, "error": None}
    if content is None:
        row["error"] = "the row has no content"
        return row
    try:
        labels = session.segment_encoded(content)
    except FCNError as error:
        row["error"] = f"{error.name}: {error}"
        return row
    row["height"], row["width"] = labels.shape
    row["labels"] = png_bytes(labels, model.palette)
    row["areas"] = session.areas()
    return row


def _segmented(
    frames: Iterable[Any], name: str, threads: int, precision: Precision
) -> Iterator[Any]:
    """What a task does with its rows, some at a time."""
    files = importlib.import_module("pyspark").SparkFiles
    data_frame = importlib.import_module("pandas").DataFrame
    model, session = _session(files.get(name), threads, precision)
    for frame in frames:
        yield data_frame([
            _row(path, content, model, session)
            for path, content in zip(frame["path"], frame["content"])
        ], columns=_COLUMNS, dtype=object)  # in columns of numbers a null would be NaN


def segment_images(
    pictures: Any, model: ModelLike = None, *, precision: Precision = "float32"
) -> Any:
    """The rows of `pictures` segmented: a DataFrame of SCHEMA.

    `pictures` is a DataFrame with columns `path` and `content`, as Spark's reader "binaryFile" makes it
    of PNG and JPEG files. `model` is a Model or the path of its file here, by default the one that came
    with the library here. `labels` is a PNG file whose values are the labels and whose palette has the
    model's colours; `areas` are pixels by classes' names. Where a picture cannot be read, `error` says
    why and all but `path` is null; it is null elsewhere. Raises ValueError where a column is missing.

    A batch of rows is held in memory at a time: for large pictures lower
    `spark.sql.execution.arrow.maxRecordsPerBatch`.
    """
    missing = {"path", "content"} - set(pictures.columns)
    if missing:
        raise ValueError(
            f"the DataFrame has the columns {pictures.columns} and no {sorted(missing)}; make it with "
            'spark.read.format("binaryFile").load(folder)')
    context = pictures.sparkSession.sparkContext
    threads = int(context.getConf().get("spark.task.cpus", "1"))
    name = _send(context, model)
    segmented = partial(_segmented, name=name, threads=threads, precision=precision)
    return pictures.select("path", "content").mapInPandas(segmented, SCHEMA)


def _send(context: Any, model: ModelLike) -> str:
    """Has every machine get the model's file; returns its name there. The same model goes once."""
    checked = opened(model)
    folder = Path(mkdtemp(prefix="fcnswift-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    written = folder / "model.safetensors"
    if isinstance(model, (str, os.PathLike)):
        shutil.copyfile(model, written)
    else:
        checked.save(written)
    digest = hashlib.sha256(written.read_bytes()).hexdigest()[:16]
    file = written.rename(folder / f"fcnswift-{digest}.safetensors")
    if not any(added.endswith(f"/{file.name}") for added in context.listFiles):
        context.addFile(str(file))
    return file.name


def main(words: list[str] | None = None) -> int:
    """The script `fcn-spark`: pictures of a folder to Parquet."""
    parser = argparse.ArgumentParser(
        prog="fcn-spark",
        description="Segments the PNG and JPEG files of a folder on Spark, into a Parquet table of "
        "their labels, areas and errors. Settings of Spark's are those of spark-submit or of "
        "spark-defaults.conf.")
    parser.add_argument("pictures", help="a folder, or a pattern, at any address that Spark reads")
    parser.add_argument("output", help="the folder of the table, which must not be there yet")
    parser.add_argument("--model", help="the model's file on this machine; by default the package's")
    parser.add_argument(
        "--precision", default="float32", choices=["float32", "int16", "int8"],
        help="the numbers that are multiplied (float32)")
    arguments = parser.parse_args(words)
    try:
        sql = importlib.import_module("pyspark.sql")
    except ImportError:
        print("fcn-spark: this needs PySpark: pip install fcnswift[spark]", file=sys.stderr)
        return 1
    try:
        model = opened(arguments.model)
    except FCNError as error:
        print(f"fcn-spark: {error}", file=sys.stderr)
        return 1
    session = sql.SparkSession.builder.appName("fcn-spark").getOrCreate()
    try:
        _write(session, arguments, model)
    except importlib.import_module("pyspark.errors").PySparkException as error:
        # Its first line; the rest is for whoever knows Spark's insides.
        print(f"fcn-spark: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    finally:
        session.stop()
    return 0


def _write(session: Any, arguments: argparse.Namespace, model: Model) -> None:
    """Writes the table, and says how it went."""
    pictures = (
        session.read.format("binaryFile").option("recursiveFileLookup", "true")
        .load(arguments.pictures))
    segment_images(pictures, model, precision=arguments.precision).write.parquet(arguments.output)
    written = session.read.parquet(arguments.output)
    failed = written.filter("error is not null")
    count, bad = written.count(), failed.count()
    print(f"{arguments.output}: {count - bad} pictures segmented, {bad} could not be read")
    for row in failed.select("path", "error").limit(10).collect():
        print(f"  {row.path}: {row.error}")


if __name__ == "__main__":
    sys.exit(main())
