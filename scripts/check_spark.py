#!/usr/bin/env python3
"""Runs fcnswift.spark on a small cluster of Spark's on this machine, and compares.

usage: check_spark.py FOLDER [MASTER]

Needs Java 17 and `pip install pyspark pandas pyarrow pillow`, and the package itself on the path of Python.
FOLDER has PNG and JPEG files, of which some may be damaged; MASTER is local-cluster[2,1,2048] by default: two
workers of one core.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
from PIL import Image
from pyspark.sql import SparkSession

import fcnswift.spark


def main(folder: str, master: str = "local-cluster[2,1,2048]") -> int:
    spark = (
        SparkSession.builder.master(master).appName("check_spark")
        .config("spark.executor.memory", "512m").config("spark.ui.enabled", "false").getOrCreate())
    pictures = spark.read.format("binaryFile").load(Path(folder).resolve().as_uri())
    segmented = fcnswift.spark.segment_images(pictures)
    rows = segmented.collect()
    assert len(rows) == pictures.count() > 0
    refused = 0
    for row in rows:
        path = unquote(urlparse(row.path).path)
        try:
            wanted = fcnswift.segment(path)
        except fcnswift.FCNError as error:
            assert error.name in row.error and row.labels is None and row.areas is None, row
            print(f"{path}: {row.error}")
            refused += 1
            continue
        assert row.error is None, row.error
        labels = np.asarray(Image.open(io.BytesIO(row.labels)))
        np.testing.assert_array_equal(labels, wanted)
        assert row.areas == wanted.areas() and (row.height, row.width) == wanted.shape
    fcnswift.spark.segment_images(pictures).count()
    sent = spark.sparkContext.listFiles
    assert len(sent) == 1, sent
    spark.stop()
    print(f"{len(rows) - refused} pictures as without Spark, {refused} refused as without it")
    return 0


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
