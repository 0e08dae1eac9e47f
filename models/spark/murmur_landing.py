"""Opens the files of the landing place that Spark SQL cannot read itself, in Spark's Python workers.

It is run behind murmur_csv.py and murmur_parquet.py in one module, whose source travels in the command. Whole files come
in: `source_file` and `content`. What comes out has the columns of `COLUMNS`: for CSV and Parquet one row a record, its
ordinal and its fields as JSON; for JSON one row without a position, the text, which SQL takes apart; and what cannot be
read, with the rule and the reason for quarantine. What becomes of a file is decided as in `src/sources/files/open-file.ts`.
"""
import json
import re
import zlib

import pyarrow as pa
from pyspark.sql.types import StructType

COLUMNS = pa.schema(
    [
        ("source_file", pa.string()),
        ("position", pa.int64()),
        ("content", pa.binary()),
        ("rule", pa.string()),
        ("reason", pa.string()),
    ]
)
BATCH_ROWS = 5000
# Bytes.
BATCH_SIZE = 4 * 1024 * 1024
RAW_LIMIT = 4096
SAMPLE_SIZE = 256 * 1024
FORMATS = {"ndjson": "ndjson", "jsonl": "ndjson", "csv": "csv", "tsv": "csv", "parquet": "parquet"}


def command(parameters):
    """`parameters` is JSON: format, csv {header, delimiter, columns}, maxLine."""
    options = json.loads(parameters)
    # Spark takes the result's type from the plan.
    return (lambda batches: batched(records(batches, options))), StructType()


def records(batches, options):
    for batch in batches:
        for path, content in zip(batch.column(0), batch.column(1)):
            path = path.as_py()
            for record in opened(path, content.as_buffer(), options):
                yield (path, *record)


def batched(rows):
    held, size = [], 0
    for row in rows:
        held.append(row)
        size += len(row[2])
        if len(held) >= BATCH_ROWS or size >= BATCH_SIZE:
            yield batch_of(held)
            held, size = [], 0
    if held:
        yield batch_of(held)


def batch_of(rows):
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(zip(*rows), COLUMNS)], schema=COLUMNS
    )


def opened(path, content, options):
    """Yields (position, content, rule, reason)."""
    content, torn = memoryview(content), None
    if bytes(content[:2]) == b"\x1f\x8b":
        whole, torn = unzipped(content)
        content = memoryview(whole)
    form = options["format"] if options["format"] != "auto" else named(path)
    sample = bytes(content[:SAMPLE_SIZE]).removeprefix(MARK)
    if not sample.strip(BLANK):
        sample = bytes(content)
    kind, reason = decided(form, sample)
    if kind == "parquet":
        yield from parquet(content, torn)
    elif kind == "text":
        yield from text(bytes(content), torn)
    elif kind == "csv":
        yield from csv(path, bytes(content), options, torn)
    elif kind == "unknown":
        yield 1, raw(sample), "unreadable", reason
    elif torn is not None:
        yield 1, b"", "unreadable", torn


def named(path):
    """The format that the extension names for certain; `.json` names three."""
    extension = re.sub(r"\.gz\Z", "", path, flags=re.IGNORECASE).rpartition("/")[2].rpartition(".")[2]
    return FORMATS.get(extension.lower())


def decided(form, sample):
    """(parquet, text, csv, blank or unknown, why it is unknown), from the name or else from the beginning of the text."""
    if form == "parquet" and sample or form is None and sample.startswith(b"PAR1"):
        return "parquet", None
    if not sample.strip(BLANK):
        return "blank", None
    if form in ("ndjson", "json"):
        return "text", None
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "unknown", "the text is UTF-16; save it as UTF-8"
    if form == "csv":
        return "csv", None
    if sample.lstrip(bytes(range(0x21)))[:1] in (b"[", b"{"):
        return "text", None
    if b"\0" in sample:
        return "unknown", "the content is binary"
    if not is_text(sample):
        return "unknown", "the content is not UTF-8 text"
    if common_delimiter(sample) is not None:
        return "csv", None
    return "unknown", "neither JSON nor CSV nor Parquet, by its beginning"


def is_text(sample):
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as fault:
        # A character may be cut at the sample's end.
        return fault.reason == "unexpected end of data"
    return True


def text(content, torn):
    """Lines and elements are SQL's work; of a file that is torn it gets the whole lines."""
    if torn is None:
        yield None, content, None, None
        return
    is_array = content.removeprefix(MARK).lstrip(bytes(range(0x21))).startswith(b"[")
    end = 0 if is_array else content.rfind(b"\n") + 1
    yield None, content[:end], None, None
    yield content.count(b"\n", 0, end) + 1, raw(content[end:]), "unreadable", torn


def csv(path, content, options, torn):
    position = 0
    for position, found in enumerate(csv_records(content, path, options["csv"], options["maxLine"]), 1):
        fields, record, rule, reason = found
        yield position, raw(record) if fields is None else json_of(fields), rule, reason
    if torn is not None:
        yield position + 1, b"", "unreadable", torn


def parquet(content, torn):
    position = 0
    try:
        if torn is not None:
            raise ValueError(torn)
        for position, fields in enumerate(parquet_rows(content), 1):
            yield position, json_of(fields), None, None
    except Exception as fault:
        reason = str(fault).partition("\n")[0]
        yield position + 1, b"", "unreadable", f"not readable as Parquet: {reason}"


def json_of(fields):
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def raw(content):
    """The beginning of what stood there, as valid UTF-8 without NUL."""
    readable = content[:RAW_LIMIT].decode("utf-8", "replace").replace("\0", "\ufffd").encode()
    return readable[:RAW_LIMIT].decode("utf-8", "ignore").encode()


def unzipped(content):
    """What comes out of a gzip file, as far as it goes, and why it ends before its end."""
    parts = []
    at = 0
    # Zeros may stand behind the last member; anything else is to be another one.
    while at < len(content) and content[at] != 0:
        member = zlib.decompressobj(wbits=31)
        while not member.eof and at < len(content):
            piece = content[at : at + 8192]
            before = member.copy()
            try:
                parts.append(member.decompress(piece))
            except zlib.error as fault:
                return b"".join([*parts, *up_to_fault(before, piece)]), broken(fault)
            at += len(piece) - len(member.unused_data)
        if not member.eof:
            return b"".join(parts), "the gzip file is cut: it ends before its content does"
    return b"".join(parts), None


def up_to_fault(member, piece):
    """A piece in which the inflater fails takes its output with it, so it goes in byte by byte."""
    try:
        for at in range(len(piece)):
            yield member.decompress(piece[at : at + 1])
    except zlib.error:
        return


def broken(fault):
    return f"the gzip file is broken: {str(fault).rpartition(': ')[2]}"
