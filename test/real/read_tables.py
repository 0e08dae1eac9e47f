"""Reads a lake's tables with deltalake and prints, as one JSON object, what the test compares.

Usage: read_tables.py TABLES_DIR
"""
import datetime
import json
import os
import sys

import pyarrow.dataset as ds
from deltalake import DeltaTable

tables = sys.argv[1]


def cell(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def type_text(t):
    return t if isinstance(t, str) else f"array<{type_text(t['elementType'])}>"


def describe(name):
    table = DeltaTable(os.path.join(tables, name))
    arrow = table.to_pyarrow_table()
    return {
        "version": table.version(),
        "protocol": [table.protocol().min_reader_version, table.protocol().min_writer_version],
        "schema": [[f["name"], type_text(f["type"])] for f in json.loads(table.schema().to_json())["fields"]],
        "rows": [{k: cell(v) for k, v in row.items()} for row in arrow.to_pylist()],
        "history": [h["operation"] for h in table.history()],
        "files": len(table.file_uris()),
    }


def skipping(name):
    """How many files a filter on the middle timestamp leaves, and that no row is lost by it."""
    dataset = DeltaTable(os.path.join(tables, name)).to_pyarrow_dataset()
    times = sorted(t for t in dataset.to_table(columns=["timestamp"])["timestamp"].to_pylist() if t is not None)
    predicate = ds.field("timestamp") >= times[-1]
    return {
        "all": len(list(dataset.get_fragments())),
        "kept": len(list(dataset.get_fragments(filter=predicate))),
        "rows": dataset.count_rows(filter=predicate),
        "expected": sum(t >= times[-1] for t in times),
    }


print(json.dumps({"tables": {n: describe(n) for n in sorted(os.listdir(tables))}, "skipping": skipping("silver")}))
sys.stdout.flush()
# The libraries' own threads may still run, and abort an orderly end.
os._exit(0)
