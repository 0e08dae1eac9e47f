"""Rows of Parquet files as values of JSON, the same that the embedded engine makes of them (`src/duck/json-value.ts`)."""
import base64
import math
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_ROWS = 1000
SAFE = 2**53 - 1
# Microseconds.
UNITS = {"s": 1_000_000, "ms": 1000, "us": 1}


def parquet_rows(content):
    """Yields a dictionary a row."""
    file = pq.ParquetFile(pa.BufferReader(content), coerce_int96_timestamp_unit="us")
    names = distinct(file.schema_arrow.names)
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        columns = [values(column) for column in batch.columns]
        for i in range(batch.num_rows):
            yield {name: column[i] for name, column in zip(names, columns)}


def distinct(names):
    """Names that differ in more than case: `id`, `ID_1`."""
    found = []
    seen = set()
    for wanted in names:
        name, n = wanted, 1
        while name.lower() in seen:
            name, n = f"{wanted}_{n}", n + 1
        seen.add(name.lower())
        found.append(name)
    return found


def values(array):
    """An array's values, nulls as None."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return mapped(array.storage, lambda b: str(uuid.UUID(bytes=b)))
        return values(array.storage)
    if pa.types.is_dictionary(kind):
        return values(array.dictionary_decode())
    if pa.types.is_struct(kind):
        fields = [(kind.field(i).name, values(array.field(i))) for i in range(kind.num_fields)]
        return present(array, lambda i: {name: column[i] for name, column in fields})
    if pa.types.is_map(kind):
        return maps(array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items, ends = values(array.values), array.offsets.to_pylist()
        return present(array, lambda i: items[ends[i] : ends[i + 1]])
    return mapped(*scalars(array))


def maps(array):
    """Objects where the keys are text, else lists of keys and values."""
    keys, items, ends = values(array.keys), values(array.items), array.offsets.to_pylist()
    is_text = pa.types.is_string(array.type.key_type) or pa.types.is_large_string(array.type.key_type)

    def at(i):
        entries = list(zip(keys[ends[i] : ends[i + 1]], items[ends[i] : ends[i + 1]]))
        return dict(entries) if is_text or not entries else [{"key": k, "value": v} for k, v in entries]

    return present(array, at)


def scalars(array):
    """An array whose Python values are simple, and what each of them becomes."""
    kind = array.type
    if pa.types.is_integer(kind):
        return array, lambda n: n if abs(n) <= SAFE else str(n)
    if pa.types.is_floating(kind):
        return array, number
    if pa.types.is_decimal(kind):
        return array, lambda d: format(d, "f")
    if pa.types.is_timestamp(kind):
        zone = "" if kind.tz is None else "Z"
        if kind.unit != "ns":
            return array.cast(pa.int64()), lambda n: iso(n * UNITS[kind.unit]) + zone
        if kind.tz is None:
            return array.cast(pa.int64()), nanoseconds
        # DuckDB's microseconds are cut, not rounded down.
        return array.cast(pa.int64()), lambda n: iso(n // 1000 if n >= 0 else -(-n // 1000)) + zone
    if pa.types.is_date(kind):
        return array.cast(pa.date32()).cast(pa.int32()), lambda n: "%04d-%02d-%02d" % civil(n)
    if pa.types.is_time(kind):
        unit = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[kind.unit]
        return array.cast(pa.int32() if kind.bit_width == 32 else pa.int64()), lambda n: clock(n * unit)
    if pa.types.is_duration(kind):
        return scalars(array.cast(pa.int64()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return array, lambda b: base64.b64encode(b).decode()
    return array, lambda value: value


def mapped(array, of):
    return [None if value is None else of(value) for value in array.to_pylist()]


def present(array, at):
    return [at(i) if is_there else None for i, is_there in enumerate(array.is_valid().to_pylist())]


def number(value):
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def iso(micros):
    """With 0, 3 or 6 digits behind the second, as many as needed."""
    seconds, micros = divmod(micros, 1_000_000)
    fraction = "" if micros == 0 else f".{micros // 1000:03d}" if micros % 1000 == 0 else f".{micros:06d}"
    days, seconds = divmod(seconds, 86_400)
    year, month, day = civil(days)
    sign = "" if 0 <= year <= 9999 else "-" if year < 0 else "+"
    width = 4 if sign == "" else 6
    return f"{sign}{abs(year):0{width}d}-{month:02d}-{day:02d}T{clock(seconds * 10**9)}{fraction}"


def nanoseconds(nanos):
    """As DuckDB shows a time with more digits than it counts with."""
    seconds, nanos = divmod(nanos, 10**9)
    return iso(seconds * 1_000_000).replace("T", " ") + digits(nanos)


def clock(nanos):
    seconds, nanos = divmod(nanos, 10**9)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{digits(nanos)}"


def digits(nanos):
    return f".{nanos:09d}".rstrip("0").rstrip(".")


def civil(days):
    """Year, month and day of days since 1970, in the Gregorian calendar of all times."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1
