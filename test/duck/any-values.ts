/** Values of every column type, around the places where writers and readers go wrong. */
import fc from 'fast-check';

/** As `DuckSession.append` takes them. */
export type ColumnValue = string | number | bigint | boolean | Uint8Array | null;

const pieces = [
  'a',
  '~',
  '\u007f',
  '"',
  '\\',
  'é',
  '\uffff',
  '\ue000',
  '😀',
  '\u{10ffff}',
  "'",
  '\u0001',
  ' ',
];

export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'é',
    '\ue000',
    '😀',
    'a'.repeat(40),
    `${'a'.repeat(32)}😀`,
    `${'a'.repeat(32)}\uffff`,
  ),
  fc.string({ unit: fc.constantFrom(...pieces), maxLength: 5 }),
  // Around the 32 characters at which Delta cuts, with what may follow them.
  fc
    .tuple(
      fc.constantFrom('x', 'é', '😀', '\u{10ffff}'),
      fc.integer({ min: 28, max: 70 }),
      fc.constantFrom('', ...pieces),
    )
    .map(([fill, n, tail]) => fill.repeat(n) + tail),
);

const integer = (bits: number) => {
  const top = 2n ** BigInt(bits - 1);
  return fc.oneof(fc.bigInt({ min: -top, max: top - 1n }), fc.constantFrom(0n, -1n, 1n, -top, top - 1n));
};
const small = (bits: number) => integer(bits).map(Number);
const long = fc.oneof(integer(64), fc.constantFrom(9007199254740992n, 9007199254740993n, 9007199254740994n));

const special = [-0, 0, 0.1, -1.5, 1e300, 5e-324, 2 ** 53, Infinity, -Infinity];
const double = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.constantFrom(...special),
  fc.constant(Number.NaN),
);
const float = double.map(Math.fround);

/** With the edges of years of four digits, and beyond them. */
const date = fc.oneof(
  fc.constantFrom('0001-01-01', '1582-10-04', '1969-12-31', '1970-01-01', '2024-02-29', '9999-12-31'),
  fc
    .date({ min: new Date('1600-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
);

const micros = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    -1n,
    999n,
    1000n,
    -999n,
    1_700_000_000_000_001n,
    1_700_000_000_000_999n,
    1_700_000_000_001_000n,
  ),
  fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }),
  // After the year 9999, where texts no longer sort as times do.
  fc.bigInt({ min: 253_402_300_800_000_000n, max: 300_000_000_000_000_000n }),
);

/** Exact texts. */
const decimal = (precision: number, scale: number) => {
  const top = 10n ** BigInt(precision) - 1n;
  return fc
    .oneof(fc.bigInt({ min: -top, max: top }), fc.constantFrom(0n, 1n, -1n, top, -top))
    .map((unscaled) => {
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
      return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    });
};

export const valuesOf: Record<string, fc.Arbitrary<Exclude<ColumnValue, null>>> = {
  string: anyText,
  long,
  integer: small(32),
  short: small(16),
  byte: small(8),
  float,
  double,
  boolean: fc.boolean(),
  binary: fc.uint8Array({ maxLength: 4 }),
  date,
  timestamp: micros,
  timestamp_ntz: micros,
  'decimal(5,2)': decimal(5, 2),
  'decimal(38,18)': decimal(38, 18),
};

/** Texts short enough to name a folder. */
export const partitionValuesOf: typeof valuesOf = {
  ...valuesOf,
  string: fc.string({ unit: fc.constantFrom(...pieces, ...'/%=:#?\'"\\[]*+&{}^|<>`\n\t.'), maxLength: 12 }),
};

/** Whether a table may be partitioned by a column of this type. */
export function partitionable(type: string): boolean {
  return type !== 'binary';
}
