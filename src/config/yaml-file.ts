/** A YAML text as plain values, with the line of every one of them and the environment filled in. */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parse,
  parseDocument,
  type Scalar,
} from 'yaml';
import { type Environment, interpolate } from './interpolate.js';
import { formatPath, type Path, type Shape, shapeAt, takesText } from './shape.js';

export interface YamlFault {
  path: Path;
  line: number | undefined;
  message: string;
}

export interface YamlFile {
  value: unknown;
  faults: YamlFault[];
  /** The 1-based line of the key or value at `path`, or of what it stands in. */
  lineOf(path: Path): number | undefined;
}

/** An empty text is an empty map. Faults of syntax leave `value` undefined. */
export function readYaml(text: string, env: Environment, shape: Shape): YamlFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true });
  const faults: YamlFault[] = document.errors.map((error) => ({
    path: [],
    line: counter.linePos(error.pos[0]).line,
    message: lowerFirst(error.message),
  }));
  const lines = new Map<string, number>();
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) {
    return { value: undefined, faults, lineOf: () => undefined };
  }

  visit(document.contents, []);
  return { value: document.toJS() ?? {}, faults, lineOf };

  function visit(node: unknown, path: Path): void {
    if (isPair(node)) {
      const key = isScalar(node.key) ? String(node.key.value) : String(node.key);
      const here = [...path, key];
      note(node.key, here);
      visit(node.value, here);
    } else if (isMap(node)) {
      note(node, path);
      for (const pair of node.items) visit(pair, path);
    } else if (isSeq(node)) {
      note(node, path);
      node.items.forEach((item, i) => {
        note(item, [...path, i]);
        visit(item, [...path, i]);
      });
    } else if (isScalar(node)) {
      note(node, path);
      if (typeof node.value === 'string' && node.value.includes('${')) fill(node, node.value, path);
    } else if (isAlias(node)) {
      note(node, path);
    }
  }

  /** Quoting does not matter here: inside `{ }` YAML demands quotes around a variable. */
  function fill(node: Scalar, raw: string, path: Path): void {
    const { text, missing } = interpolate(raw, env);
    for (const name of missing) {
      faults.push({ path, line: lineOf(path), message: `environment variable ${name} is not set` });
    }
    node.value = coerce(text, shapeAt(shape, path));
  }

  function note(node: unknown, path: Path): void {
    const key = formatPath(path);
    const start = (node as Node | null)?.range?.[0];
    if (start !== undefined && !lines.has(key)) lines.set(key, counter.linePos(start).line);
  }

  function lineOf(path: Path): number | undefined {
    for (let n = path.length; n > 0; n--) {
      const line = lines.get(formatPath(path.slice(0, n)));
      if (line !== undefined) return line;
    }
    return undefined;
  }
}

/** Text from the environment as a value: itself where the setting takes text, else read as YAML. */
export function coerce(text: string, shape: Shape | undefined): unknown {
  if (text === '' || shape === undefined || takesText(shape, text)) return text;
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
