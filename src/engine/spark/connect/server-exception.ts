/** The server's own account of a failure, from the full details where it still has them, else from what came with the status. */
import type { ConnectError } from '@connectrpc/connect';
import { ErrorInfoSchema } from './gen/google/rpc/error_details_pb.js';
import type {
  FetchErrorDetailsResponse,
  FetchErrorDetailsResponse_Error,
} from './gen/spark/connect/base_pb.js';
import { SparkException } from './spark-exception.js';

/** The server gives the details of an error once; an empty answer or none means that they are gone. */
export type FetchDetails = (errorId: string) => Promise<FetchErrorDetailsResponse | undefined>;

export async function serverException(e: ConnectError, fetchDetails: FetchDetails): Promise<SparkException> {
  const info = e.findDetails(ErrorInfoSchema)[0];
  const errorId = info?.metadata.errorId;
  const details = errorId === undefined ? undefined : await fetchDetails(errorId);
  const full = details === undefined ? undefined : fromDetails(details.errors, details.rootErrorIdx ?? 0);
  return full ?? fromStatus(e.rawMessage, info?.reason, info?.metadata ?? {});
}

/** Spark links causes by index; a chain that bites its own tail ends there. */
function fromDetails(
  errors: readonly FetchErrorDetailsResponse_Error[],
  index: number,
  seen: ReadonlySet<number> = new Set(),
): SparkException | undefined {
  const error = errors[index];
  if (error === undefined || seen.has(index)) return undefined;
  const cause =
    error.causeIdx === undefined ? undefined : fromDetails(errors, error.causeIdx, new Set([...seen, index]));
  const throwable = error.sparkThrowable;
  return new SparkException(error.message, {
    classes: error.errorTypeHierarchy,
    ...(throwable?.errorClass && { errorClass: throwable.errorClass }),
    ...(throwable?.sqlState && { sqlState: throwable.sqlState }),
    parameters: throwable?.messageParameters ?? {},
    contexts: (throwable?.queryContexts ?? []).map(
      ({ fragment, startIndex, stopIndex, objectType, objectName }) => ({
        fragment,
        startIndex,
        stopIndex,
        objectType,
        objectName,
      }),
    ),
    frames: error.stackTrace.map(
      (f) => `${f.declaringClass}.${f.methodName}(${f.fileName ?? 'unknown'}:${f.lineNumber})`,
    ),
    ...(cause && { cause }),
  });
}

/** A status carries at most a kilobyte beside its text, so any of it may be missing or cut. */
function fromStatus(
  text: string,
  reason: string | undefined,
  metadata: Readonly<Record<string, string>>,
): SparkException {
  const errorClass = metadata.errorClass ?? /\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)?)\]/.exec(text)?.[1];
  const sqlState = metadata.sqlState ?? /SQLSTATE: ([0-9A-Z]{5})/.exec(text)?.[1];
  const classes = parsed(metadata.classes);
  return new SparkException(text, {
    classes: Array.isArray(classes) ? classes.map(String) : reason ? [reason] : [],
    ...(errorClass && { errorClass }),
    ...(sqlState && { sqlState }),
    parameters: textValues(parsed(metadata.messageParameters)),
  });
}

function textValues(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, String(v)]));
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
