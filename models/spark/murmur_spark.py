"""Scores the rows of a Spark relation in its Python workers, by the same bundle and code as the pyfunc.

It is run behind murmur_pyfunc.py in one module, whose source travels in the command itself. `command` gives what a worker
expects of an Arrow map (`mapInArrow`): a function from record batches to record batches. A failure starts with a
MURMUR_ code that the control plane knows.
"""
import glob
import json
import os
import platform
import sys
import tarfile
import tempfile
import time

import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql.types import StructType

# Loaded bundles of this process by place and digest, the latest last: gold's and a shadow's, or the old and the new.
BUNDLES = {}
MOST_BUNDLES = 2
LOADS = 0


class ScorerFault(Exception):
    pass


def command(parameters):
    """`parameters` is JSON: bundle ({path} or {artifact} or {mlflow, tracking}), model {id, digest}, columns, text, worker."""
    options = json.loads(parameters)
    # Spark takes the result's type from the plan.
    return (lambda batches: _scored(batches, options)), StructType()


def _scored(batches, options):
    for batch in batches:
        if batch.num_rows == 0:
            continue
        bundle = _bundle(options)
        labels = bundle.config["labels"]
        texts = batch.column(batch.schema.get_field_index(options["text"])).to_pylist()
        p = bundle.probabilities(["" if text is None else text for text in texts])
        kept = batch.select(options["columns"])
        added = {
            "predicted_score": pa.array(100 * p.max(axis=1), pa.float64()),
            "predicted_sentiment": pa.array([labels[i] for i in p.argmax(axis=1)], pa.string()),
            "model": pa.array([options["model"]["id"]] * len(texts), pa.string()),
        }
        if options["worker"]:
            added["worker"] = pa.array([f"{platform.node()}:{os.getpid()}"] * len(texts), pa.string())
            added["loads"] = pa.array([LOADS] * len(texts), pa.int64())
        yield pa.RecordBatch.from_arrays([*kept.columns, *added.values()], names=[*options["columns"], *added])


def _bundle(options):
    global LOADS
    digest = options["model"]["digest"]
    key = json.dumps([options["bundle"], digest])
    if key not in BUNDLES:
        started = time.time()
        bundle = _loaded(options["bundle"])
        if bundle.digest != digest:
            raise ScorerFault(f"MURMUR_BUNDLE_CHANGED digest {bundle.digest}, expected {digest}: {options['bundle']}")
        while len(BUNDLES) >= MOST_BUNDLES:
            BUNDLES.pop(next(iter(BUNDLES)))
        BUNDLES[key] = bundle
        LOADS += 1
        seconds = time.time() - started
        print(f"murmur: {options['model']['id']} loaded in {seconds:.1f} s (process {os.getpid()})", file=sys.stderr)
    return BUNDLES[key]


def _loaded(source):
    try:
        with tempfile.TemporaryDirectory() as scratch:
            # One core is one worker.
            return Bundle(_folder(source, scratch), threads=1)
    except ScorerFault:
        raise
    except AlteredBundle as fault:
        raise ScorerFault(f"MURMUR_BUNDLE_CHANGED {fault}") from None
    except OSError as fault:
        raise ScorerFault(f"MURMUR_BUNDLE_NOT_FOUND {fault.filename} on {platform.node()}: {fault.strerror}") from None
    except Exception as fault:
        raise ScorerFault(f"MURMUR_BUNDLE_INVALID {type(fault).__name__}: {fault}") from None


def _folder(source, scratch):
    if "artifact" in source:
        with tarfile.open(_sent(source["artifact"])) as archive:
            archive.extractall(scratch)
        return scratch
    return _downloaded(source, scratch) if "mlflow" in source else source["path"]


def _sent(name):
    """A session's file; a streaming query's worker looks into the folder of all sessions while it lies in that of one."""
    root = SparkFiles.getRootDirectory()
    found = [os.path.join(root, name), *glob.glob(os.path.join(glob.escape(root), "*", name))]
    return next(filter(os.path.isfile, found), found[0])


def _downloaded(source, scratch):
    try:
        import mlflow
    except ImportError:
        raise ScorerFault(f"MURMUR_MISSING_PACKAGE mlflow ({sys.executable}, Python {platform.python_version()})") from None
    try:
        # Without an address it is what the worker's environment says. As arguments of the download MLflow forgets them halfway.
        if "tracking" in source:
            mlflow.set_tracking_uri(source["tracking"])
            mlflow.set_registry_uri(source["tracking"])
        return mlflow.artifacts.download_artifacts(source["mlflow"], dst_path=scratch)
    except Exception as fault:
        raise ScorerFault(f"MURMUR_BUNDLE_NOT_FOUND {source['mlflow']}: {fault}") from None
