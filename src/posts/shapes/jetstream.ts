/**
 * Bluesky's Jetstream, v1 wire: commits of `app.bsky.feed.post`. The author is a DID (handles are not on the wire), the
 * post's id its AT URI, `time_us` the order. Mentions stand in facets whose offsets count UTF-8 bytes of the text.
 */
import { type FieldPath, type Fields, isFields, valueAt } from '../field-path.js';
import type { Found, RecordColumn, Shape, ShapeReading } from './shape.js';

const postCollection = 'app.bsky.feed.post';
const mentionFeature = 'app.bsky.richtext.facet#mention';

export const jetstream: Shape = {
  name: 'jetstream',
  recognises(fields) {
    return 'did' in fields && 'time_us' in fields && typeof fields.kind === 'string';
  },
  read(fields): ShapeReading {
    const { commit, kind, did } = fields;
    if (kind !== 'commit') return { skipped: `${kind} event` };
    if (!isFields(commit) || typeof commit.rkey !== 'string' || typeof did !== 'string') {
      return { fault: 'a commit event without its did or rkey' };
    }
    if (commit.collection !== postCollection) return { skipped: 'commit of another collection' };

    const columns: Partial<Record<RecordColumn, Found>> = {
      user: { value: did, path: ['did'] },
      post_id: { value: `at://${did}/${postCollection}/${commit.rkey}`, path: ['commit', 'rkey'] },
      seq: { value: fields.time_us, path: ['time_us'] },
      op: { value: commit.operation, path: ['commit', 'operation'] },
    };
    const redundant: FieldPath[] = [['kind'], ['commit', 'collection'], ['commit', 'record', '$type']];
    const record = commit.record;
    if (!isFields(record)) return { columns, redundant };

    const copy = (column: RecordColumn, key: string) => {
      if (record[key] !== undefined)
        columns[column] = { value: record[key], path: ['commit', 'record', key] };
    };
    copy('text', 'text');
    copy('date', 'createdAt');
    const lang = valueAt(record, ['langs', '0']);
    if (lang !== undefined) columns.lang = { value: lang, path: ['commit', 'record', 'langs', '0'] };
    columns.mentions = { value: facetMentions(record), path: undefined };
    return { columns, redundant };
  },
};

/** The visible handles, as sliced from the text's bytes; a facet that lies outside the text is none. */
function facetMentions(record: Fields): string[] {
  const { text, facets } = record;
  if (typeof text !== 'string' || !Array.isArray(facets)) return [];
  const bytes = Buffer.from(text);
  const found: { at: number; handle: string }[] = [];
  for (const facet of facets) {
    if (!isFields(facet) || !isFields(facet.index) || !Array.isArray(facet.features)) continue;
    if (!facet.features.some((f) => isFields(f) && f.$type === mentionFeature)) continue;
    const { byteStart: start, byteEnd: end } = facet.index;
    if (typeof start !== 'number' || typeof end !== 'number' || start < 0 || end > bytes.length) continue;
    const handle = bytes.subarray(start, end).toString();
    if (handle.length > 1) found.push({ at: start, handle });
  }
  return found.sort((a, b) => a.at - b.at).map(({ handle }) => handle);
}
