"""delta-rs as a contestant of `npm run bench -- delta`: one JSON command a line in, one JSON answer a line out."""

import json
import resource
import sys
import time

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work):
    started = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - started) * 1000


def open_table(path, commits=0):
    table, ms = timed(lambda: DeltaTable(path))
    # delta-rs loads lazily, so that the files must be asked for as well.
    files, more = timed(table.file_uris)
    return {"ms": ms + more, "files": len(files), "version": table.version(), "peak_mb": peak_mb()}


def append(path, rows, times):
    table = DeltaTable(path)
    took = []
    for n in range(times):
        at = n * rows
        data = pa.table(
            {
                "id": pa.array(range(at, at + rows), pa.int64()),
                "mention": [f"user{i % 100}" for i in range(rows)],
                "score": [i / rows for i in range(rows)],
            }
        )
        took.append(timed(lambda: write_deltalake(table, data, mode="append"))[1])
    return {"ms": took}


def optimize(path):
    table = DeltaTable(path)
    metrics, ms = timed(table.optimize.compact)
    return {"ms": ms, "removed": metrics["numFilesRemoved"], "added": metrics["numFilesAdded"]}


def zorder(path, column, target):
    table = DeltaTable(path)
    metrics, ms = timed(lambda: table.optimize.z_order([column], target_size=target))
    return {"ms": ms, "added": metrics["numFilesAdded"]}


commands = {"open": open_table, "append": append, "optimize": optimize, "zorder": zorder}
for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps(commands[command.pop("op")](**command)), flush=True)
