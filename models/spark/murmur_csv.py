"""CSV and TSV as Murmur reads them: records and their ordinals, fields, and how a file is written where nobody says it.

The rules are those of `src/sources/files/` (split-csv.ts, csv-record.ts, csv-dialect.ts): a quote opens a field only at its
beginning; one that is never closed costs the line in which it stands, not the rest of the file.
"""
import re

MARK = b"\xef\xbb\xbf"
BLANK = b" \t\n\v\f\r"
# What JavaScript's trim takes away.
SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
DELIMITERS = ",\t;|"
# Names that columns of posts have; one of them in the first record makes it a header.
USUAL_NAMES = set(
    "text tweet tweet_text content message body post comment full_text user username user_name screen_name author "
    "handle date created_at timestamp time datetime id id_str ids post_id tweet_id sentiment label target polarity "
    "airline_sentiment lang language source query flag".split()
)
QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)"(?!")')
DATA = re.compile(r"[-+]?[0-9.,:/\s-]+([eEtTzZ][0-9:+.-]*)?\Z")
PROSE = re.compile(r"[.!?\u2026]\s|\s@[A-Za-z0-9_]|https?:")


class Dialect:
    def __init__(self, delimiter, header, columns):
        self.delimiter = delimiter
        self.header = header
        self.columns = columns


def csv_records(text, path, options, limit):
    """Yields (fields or None, the record's bytes, rule, reason) in the order of the ordinals, the header left out."""
    dialect = detect_dialect(text[len(MARK) :] if text.startswith(MARK) else text, path, options)
    is_header = dialect.header
    for record, fault in slices(text, dialect.delimiter, limit):
        if is_header:
            is_header = False
        elif fault is not None:
            yield None, record, *fault
        else:
            fields, reason = parsed(record, dialect)
            yield fields, record, None if reason is None else "bad_line", reason


def slices(text, delimiter, limit):
    """Records without their line ends, and what is wrong with their ends: (rule, reason) or None."""
    pattern = record_pattern(delimiter)
    at = 0
    while at < len(text):
        end = record_end(text, at, min(len(text), at + limit), pattern)
        fault = None
        if end is OPEN or end is CUT and len(text) - at > limit:
            # A record that does not end costs its first physical line.
            line_end = text.find(b"\n", at) + 1 or len(text)
            is_long = end is CUT or line_end - at > limit
            fault = too_long(limit) if is_long else ("bad_line", "a quote is opened and never closed")
            end = line_end
        elif end is CUT:
            end = len(text)
        record = text[at + len(MARK) if at == 0 and text.startswith(MARK) else at : end]
        at = end
        if record.endswith(b"\n"):
            record = record[:-1]
        if record.endswith(b"\r"):
            record = record[:-1]
        if fault is not None or record.strip(BLANK):
            yield record, fault


def too_long(limit):
    return "line_too_long", f"longer than {limit} bytes (max_line)"


# In place of a record's end: the text stops inside quotes, or outside of them.
OPEN = "open"
CUT = "cut"


def record_pattern(delimiter):
    d = re.escape(delimiter.encode())
    field = rb'(?:"[^"]*(?:""[^"]*)*"(?!")[^%b\n]*|[^"%b\n][^%b\n]*|)' % (d, d, d)
    return re.compile(rb"%b(?:%b%b)*(?:\n|\Z)" % (field, d, field))


def record_end(text, at, stop, pattern):
    """The place behind the line end of the record that begins at `at`, as far as `stop`."""
    # The byte order mark stands before the first field.
    start = at + len(MARK) if text.startswith(MARK, at) else at
    found = pattern.match(text, start, stop)
    if found is None:
        return OPEN
    end = found.end()
    return end if end > start and text[end - 1] == 0x0A else CUT


def parsed(record, dialect):
    """(fields, None) or (None, reason). An empty field is null; too few fields leave the last columns out."""
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError:
        return None, "invalid UTF-8"
    if "\0" in text:
        return None, "a NUL byte"
    # Behind a carriage return too many the line end that the parser sees begins with it.
    values = fields_of(text.removesuffix("\r"), dialect.delimiter)
    if values is None:
        return None, "broken CSV: CSV_QUOTE_NOT_CLOSED"
    if len(values) > len(dialect.columns):
        return None, f"{len(values)} fields where there are {len(dialect.columns)} columns"
    return {name: value or None for name, value in zip(dialect.columns, values)}, None


def fields_of(text, delimiter):
    """None when a quote stays open. Text behind a closing quote belongs to the field, and then the quotes do too."""
    if '"' not in text:
        return text.split(delimiter)
    values = []
    at = 0
    while True:
        quoted = QUOTED.match(text, at)
        if quoted is None and text.startswith('"', at):
            return None
        end = text.find(delimiter, at if quoted is None else quoted.end())
        stop = len(text) if end < 0 else end
        if quoted is None:
            values.append(text[at:stop])
        else:
            value = quoted[1].replace('""', '"')
            tail = text[quoted.end() : stop]
            values.append(f'"{value}"{tail}' if tail else value)
        if end < 0:
            return values
        at = end + 1


def detect_dialect(text, path, options):
    sample = text[: 256 * 1024]
    delimiter = options["delimiter"]
    if delimiter == "auto":
        is_tsv = re.search(r"\.tsv(\.gz)?\Z", path, re.IGNORECASE)
        delimiter = "\t" if is_tsv else common_delimiter(sample) or ","
    first, *others = first_records(sample, delimiter, 20) or [[]]
    header = is_header(first, others) if options["header"] == "auto" else options["header"] == "yes"
    return Dialect(delimiter, header, column_names(first, header, options.get("columns", [])))


def common_delimiter(sample):
    """The delimiter that stands equally often in each of the first records, the most frequent one first."""
    best, most = None, 1
    for delimiter in DELIMITERS:
        counts = [len(fields) for fields in first_records(sample, delimiter, 10)] or [1]
        agree = counts.count(counts[0])
        if counts[0] > most and agree >= len(counts) * 0.8:
            best, most = delimiter, counts[0]
    return best


def first_records(sample, delimiter, count):
    """The fields of the first whole records."""
    pattern = record_pattern(delimiter)
    records = []
    at = 0
    while at < len(sample) and len(records) < count:
        end = record_end(sample, at, len(sample), pattern)
        # The last record may be cut by the sample's end, unless it is all that there is.
        if end in (OPEN, CUT) and records:
            break
        record = sample[at:] if end in (OPEN, CUT) else sample[at : end - 1]
        at = len(sample) if end in (OPEN, CUT) else end
        text = record.removeprefix(MARK).removesuffix(b"\r").decode("utf-8", "replace")
        fields = fields_of(text, delimiter)
        if fields is not None and any(field.strip(SPACE) for field in fields):
            records.append(fields)
    return records


def is_header(first, others):
    """A header has only distinct names in it. Where that leaves doubt, it is one."""
    cells = [cell.strip(SPACE).lower() for cell in first]
    if any(cell in USUAL_NAMES for cell in cells) and not any(map(is_data, cells)):
        return True
    if len(set(cells)) < len(cells) or any(cell == "" or is_data(cell) for cell in cells):
        return False
    return not any(cell.strip(SPACE).lower() == name for record in others for cell, name in zip(record, cells))


def is_data(cell):
    """A number, a date, or text as nobody names a column. Lengths are JavaScript's."""
    return bool(len(cell.encode("utf-16-le")) > 2 * 64 or DATA.match(cell) or PROSE.search(cell))


def column_names(first, header, given):
    names = []
    for i in range(max(len(first), len(given))):
        own = first[i].strip(SPACE) if header and i < len(first) else ""
        wanted = given[i] if i < len(given) else own or f"column{i}"
        name, n = wanted, 2
        while name in names:
            name, n = f"{wanted}_{n}", n + 1
        names.append(name)
    return names
