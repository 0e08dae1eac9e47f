/**
 * Time travel in SQL text. DuckDB knows no `gold VERSION AS OF 3` over views, so such a table becomes one of a schema that
 * holds the lake's tables at that version: `"@3"."gold"`, which keeps its alias. Also understood: `FOR VERSION AS OF 3`,
 * `AT (VERSION => 3)` and the same with TIMESTAMP. Strings, quoted names and comments are left alone.
 */

export interface TravelledRead {
  /** The table's name as written. */
  table: string;
  /** The schema that must hold it. */
  schema: string;
  /** A version, or a time in the words of the query. */
  at: { version: number } | { timestamp: string };
}

export interface TravelledSql {
  text: string;
  reads: TravelledRead[];
  /** Every name that stands in the text outside strings and comments, as written, unquoted. */
  names: Set<string>;
}

interface Token {
  text: string;
  kind: 'space' | 'word' | 'string' | 'other';
  /** A name without its quotes; a string's content. */
  value: string;
}

const tokenForms =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*'|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|(?<quoted>"(?:[^"]|"")*")|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<other>\d+(?:\.\d+)?|=>|[\s\S])/gu;

export function travel(sql: string): TravelledSql {
  const tokens = tokenize(sql);
  const reads: TravelledRead[] = [];
  const names = new Set<string>();
  let text = '';
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i]!;
    const clause = token.kind === 'word' ? clauseAfter(tokens, i + 1) : undefined;
    if (token.kind === 'word') names.add(token.value);
    if (clause === undefined) {
      text += token.text;
      i++;
      continue;
    }
    const schema = 'version' in clause.at ? `@${clause.at.version}` : `@${clause.at.timestamp}`;
    reads.push({ table: token.value, schema, at: clause.at });
    text += `"${schema.replaceAll('"', '""')}".${token.text}`;
    i = clause.end;
  }
  return { text, reads, names };
}

function tokenize(sql: string): Token[] {
  return [...sql.matchAll(tokenForms)].map((match): Token => {
    const { space, string, quoted, word } = match.groups!;
    const text = match[0];
    if (space !== undefined) return { text, kind: 'space', value: text };
    if (string !== undefined) return { text, kind: 'string', value: text.slice(1, -1).replaceAll("''", "'") };
    if (quoted !== undefined) return { text, kind: 'word', value: text.slice(1, -1).replaceAll('""', '"') };
    return { text, kind: word === undefined ? 'other' : 'word', value: text };
  });
}

/** The time travel clause that begins at token `from`, after white space, and where it ends. */
function clauseAfter(
  tokens: readonly Token[],
  from: number,
): { at: TravelledRead['at']; end: number } | undefined {
  let next = from;
  const take = (): Token | undefined => {
    while (tokens[next]?.kind === 'space') next++;
    return tokens[next++];
  };
  const word = () => take()?.text.toUpperCase();

  let first = word();
  if (first === 'FOR') first = word();
  if (first === 'VERSION' || first === 'TIMESTAMP') {
    if (word() !== 'AS' || word() !== 'OF') return undefined;
    return ended(first, take());
  }
  if (first !== 'AT' || word() !== '(') return undefined;
  const what = word();
  if ((what !== 'VERSION' && what !== 'TIMESTAMP') || word() !== '=>') return undefined;
  const value = take();
  return word() === ')' ? ended(what, value) : undefined;

  function ended(unit: 'VERSION' | 'TIMESTAMP', value: Token | undefined) {
    if (unit === 'VERSION') {
      return /^\d+$/.test(value?.text ?? '')
        ? { at: { version: Number(value!.text) }, end: next }
        : undefined;
    }
    return value?.kind === 'string' ? { at: { timestamp: value.value }, end: next } : undefined;
  }
}
