/** The mentions of a Jetstream post: facets whose offsets count UTF-8 bytes of the text (`posts/shapes/jetstream.ts`). */
import { at, isNumber, isString, items, stringOf } from './variant.js';

/** SQL for an array of VARIANT: the visible handles, in their order; a facet that lies outside the text is none. */
export function facetMentions(text: string, facets: string): string {
  const bytes = `CAST(${stringOf(text)} AS BINARY)`;
  const [start, end] = [offset('byteStart'), offset('byteEnd')];
  const isMention = `coalesce(to_json(${at('k', '$type')}) = '"app.bsky.richtext.facet#mention"', false)`;
  const isInside = `coalesce(${isNumber(at('f', 'index', 'byteStart'))} AND ${isNumber(at('f', 'index', 'byteEnd'))}
    AND ${start} >= 0 AND ${end} <= octet_length(${bytes}) AND exists(${items(at('f', 'features'))}, k -> ${isMention}), false)`;
  const handle = `make_valid_utf8(CAST(substr(${bytes}, CAST(${start} AS INT) + 1, CAST(greatest(${end} - ${start}, 0) AS INT)) AS STRING))`;
  const found = `transform(filter(${items(facets)}, f -> ${isInside}), (f, i) ->
    named_struct('start', ${start}, 'i', i, 'handle', ${handle}))`;
  // A handle is more than its at-sign; a character beyond the first plane counts as two, as in JavaScript.
  const named = `filter(array_sort(${found}), s -> length(s.handle) > 1 OR octet_length(s.handle) > 3)`;
  return `CASE WHEN ${isString(text)} AND ${items(facets)} IS NOT NULL THEN transform(${named}, s -> CAST(s.handle AS VARIANT))
    ELSE CAST(array() AS ARRAY<VARIANT>) END`;
}

function offset(name: string): string {
  return `try_variant_get(f, '$["index"]["${name}"]', 'bigint')`;
}
