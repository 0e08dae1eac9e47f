/** Constants in Spark SQL text. Parameters do not reach Delta's parser, so values are written into the statement. */

/** A string constant that Spark reads back letter for letter. */
export function quoted(text: string): string {
  return `'${text.replace(/['\\]|\p{Cc}|\$(?=\{)/gu, escaped)}'`;
}

/** An identifier that Spark reads back letter for letter; a path table is `` delta.`…` ``. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A Java pattern as a raw constant: no layer of escapes between the pattern as it stands here and the engine. */
export function pattern(regex: string): string {
  return `r'${regex}'`;
}

/** `body` with `name` standing for a value that is computed once. Only inside of expressions that Spark interprets. */
export function letSql(name: string, value: string, body: string): string {
  return `element_at(transform(array(${value}), ${name} -> ${body}), 1)`;
}

// `${` would be taken for a variable, before the text is parsed.
function escaped(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
