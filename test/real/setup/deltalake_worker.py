"""Python's deltalake: reads tables into Parquet files and changes them."""
import json

import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from serve import serve


def export(table, to, version=None):
    """Writes the rows of a version (None: the newest) to one Parquet file."""
    pq.write_table(DeltaTable(table, version=version).to_pyarrow_table(), to)


def about(table):
    opened = DeltaTable(table)
    protocol = opened.protocol()
    return {
        "version": opened.version(),
        "protocol": [protocol.min_reader_version, protocol.min_writer_version],
        "files": len(opened.file_uris()),
        "schema": json.loads(opened.schema().to_json()),
        "partitionColumns": opened.metadata().partition_columns,
        "history": [{"version": h["version"], "operation": h["operation"]} for h in opened.history()],
    }


def write(table, rows, mode="append", partition_by=None, schema_mode=None):
    """Writes the rows of a Parquet file."""
    write_deltalake(table, pq.read_table(rows), mode=mode, partition_by=partition_by, schema_mode=schema_mode)


def appends(table, rows, times):
    """Appends the same rows so many times, in a commit each; how many commits that took."""
    data = pq.read_table(rows)
    for _ in range(times):
        write_deltalake(table, data, mode="append")
    return times


def delete(table, where):
    return DeltaTable(table).delete(where)


def update(table, where, set):
    return DeltaTable(table).update(updates=set, predicate=where)


def merge(table, rows, on):
    """Upserts the rows of a Parquet file by a predicate over `s` (source) and `t` (target)."""
    merger = DeltaTable(table).merge(pq.read_table(rows), on, source_alias="s", target_alias="t")
    return merger.when_matched_update_all().when_not_matched_insert_all().execute()


def optimize(table, zorder_by=None):
    optimizer = DeltaTable(table).optimize
    return optimizer.z_order(zorder_by) if zorder_by else optimizer.compact()


def checkpoint(table):
    DeltaTable(table).create_checkpoint()


def vacuum(table):
    return DeltaTable(table).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)


def restore(table, version):
    return DeltaTable(table).restore(version)


serve(
    {
        f.__name__: f
        for f in [export, about, write, appends, delete, update, merge, optimize, checkpoint, vacuum, restore]
    }
)
