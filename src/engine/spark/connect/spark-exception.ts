/** What went wrong inside Spark: one link of the server's chain of causes, hanging as `cause` under a MurmurError. */
export interface QueryContext {
  /** The piece of SQL, or of the data frame's code, that the message is about. */
  readonly fragment: string;
  readonly startIndex: number;
  readonly stopIndex: number;
  readonly objectType: string;
  readonly objectName: string;
}

export interface SparkExceptionDetails {
  /** Java's class names, the most special first. */
  classes: readonly string[];
  errorClass?: string;
  sqlState?: string;
  parameters?: Readonly<Record<string, string>>;
  contexts?: readonly QueryContext[];
  /** Java's frames, innermost first. */
  frames?: readonly string[];
  cause?: SparkException;
}

export class SparkException extends Error {
  override readonly name = 'SparkException';
  readonly classes: readonly string[];
  /** Spark's own name of the condition, `TABLE_OR_VIEW_NOT_FOUND`. */
  readonly errorClass: string | undefined;
  readonly sqlState: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly contexts: readonly QueryContext[];
  readonly #frames: readonly string[];

  constructor(message: string, details: SparkExceptionDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.classes = details.classes;
    this.errorClass = details.errorClass;
    this.sqlState = details.sqlState;
    this.parameters = details.parameters ?? {};
    this.contexts = details.contexts ?? [];
    this.#frames = details.frames ?? [];
  }

  /** Java's stack, innermost first; a hundred lines that no printout of the error needs. */
  get frames(): readonly string[] {
    return this.#frames;
  }

  /** One line: what Python raised (below the frames of its last traceback), or the first line of the message. */
  get summary(): string {
    const [before, ...tracebacks] = this.message.split('Traceback (most recent call last):');
    const raised = (tracebacks.at(-1) ?? '').split('\n').find((line) => /^\S/.test(line));
    const line = raised ?? before!.split('\n').find((text) => text.trim() !== '');
    return line?.trim().replace(/;$/, '') ?? this.classes[0] ?? 'no message';
  }
}

/** The chain of Spark's exceptions under an error, outermost first; empty when Spark said nothing. */
export function sparkExceptions(e: unknown): SparkException[] {
  const chain: SparkException[] = [];
  for (let link = e; link instanceof Error; link = link.cause)
    if (link instanceof SparkException) chain.push(link);
  return chain;
}

/** The innermost exception: the Python error under a failed stream, say. */
export function rootCause(e: unknown): SparkException | undefined {
  return sparkExceptions(e).at(-1);
}
