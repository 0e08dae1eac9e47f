/** What DuckDB reports, sorted by whose fault it is. DuckDB names the kind at the head of its message. */
import { type Fault, MurmurError } from '../base/errors.js';

interface Kind {
  code: string;
  fault: Fault;
  fix?: string;
  retry?: 'backoff';
}

const kinds: [pattern: RegExp, kind: Kind][] = [
  [
    /No space left on device|Disk quota exceeded|failed to offload data block/,
    {
      code: 'storage.full',
      fault: 'external',
      retry: 'backoff',
      fix: 'free some space on the disk; what was committed is safe',
    },
  ],
  [
    /^Out of Memory Error/,
    {
      code: 'duck.out_of_memory',
      fault: 'external',
      fix: 'raise the memory limit, or read fewer columns or rows at once',
    },
  ],
  [/^IO Error: No files found/, { code: 'duck.file_missing', fault: 'external' }],
  [
    /No magic bytes found|too small to be a Parquet file|Footer length error|TProtocolException|[Cc]orrupt|Failed to decompress/,
    { code: 'duck.parquet_invalid', fault: 'external' },
  ],
  [/^(IO|HTTP|Missing Extension) Error/, { code: 'duck.io_failed', fault: 'external' }],
  [/^INTERRUPT Error/, { code: 'duck.interrupted', fault: 'external' }],
  [/^(INTERNAL|FATAL|TransactionContext|Serialization) Error/, { code: 'duck.internal', fault: 'internal' }],
];

const sqlFault: Kind = { code: 'duck.sql_error', fault: 'user' };

/** A failure of DuckDB as a MurmurError with DuckDB's own message; a MurmurError comes back unchanged. */
export function duckError(cause: unknown): MurmurError {
  if (cause instanceof MurmurError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const kind = kinds.find(([pattern]) => pattern.test(message))?.[1] ?? sqlFault;
  return new MurmurError(kind.code, message, {
    fault: kind.fault,
    cause,
    ...(kind.fix ? { fix: kind.fix } : {}),
    ...(kind.retry ? { retry: kind.retry } : {}),
  });
}
