/**
 * The protocol that a table's schema and properties ask for (PROTOCOL.md, "Valid Feature Names in Table Features"). New tables
 * are (1,2), which every reader takes; features are listed only when one is used that the numbers do not stand for.
 */
import { MurmurError } from '../base/errors.js';
import type { DataType } from '../schema/column-types.js';
import type { Metadata, Protocol } from './actions.js';
import { readerFeatures, writerFeatures } from './features.js';

export const plainProtocol: Protocol = { minReaderVersion: 1, minWriterVersion: 2 };

interface Need {
  /** Whether readers must know the feature too. */
  reader: boolean;
  by(metadata: Asking): boolean;
}

type Asking = Pick<Metadata, 'schemaString' | 'configuration'>;

const isSet =
  (key: string, off = 'false') =>
  ({ configuration }: Asking) =>
    (configuration[key] ?? off) !== off;
const inSchema =
  (text: string) =>
  ({ schemaString }: Asking) =>
    schemaString.includes(JSON.stringify(text));
const ofType =
  (wanted: string) =>
  ({ schemaString }: Asking) =>
    mentions(JSON.parse(schemaString) as DataType, wanted);
const writer = (by: Need['by']): Need => ({ reader: false, by });
const both = (by: Need['by']): Need => ({ reader: true, by });

const needs: Readonly<Record<string, Need>> = {
  timestampNtz: both(ofType('timestamp_ntz')),
  variantType: both(ofType('variant')),
  columnMapping: both(isSet('delta.columnMapping.mode', 'none')),
  deletionVectors: both(isSet('delta.enableDeletionVectors')),
  typeWidening: both(isSet('delta.enableTypeWidening')),
  v2Checkpoint: both(isSet('delta.checkpointPolicy', 'classic')),
  appendOnly: writer(isSet('delta.appendOnly')),
  invariants: writer(inSchema('delta.invariants')),
  checkConstraints: writer(({ configuration }) =>
    Object.keys(configuration).some((key) => key.startsWith('delta.constraints.')),
  ),
  changeDataFeed: writer(isSet('delta.enableChangeDataFeed')),
  generatedColumns: writer(inSchema('delta.generationExpression')),
  allowColumnDefaults: writer(inSchema('CURRENT_DEFAULT')),
  identityColumns: writer(inSchema('delta.identity.start')),
  inCommitTimestamp: writer(isSet('delta.enableInCommitTimestamps')),
  rowTracking: writer(isSet('delta.enableRowTracking')),
  icebergCompatV1: writer(isSet('delta.enableIcebergCompatV1')),
  icebergCompatV2: writer(isSet('delta.enableIcebergCompatV2')),
  icebergCompatV3: writer(isSet('delta.enableIcebergCompatV3')),
};

/**
 * `current`, or the least above it that has every feature asked for. Whether those can be written here is for
 * `assertWritable` to say.
 */
export function neededProtocol(metadata: Asking, current: Protocol = plainProtocol): Protocol {
  const has = { reader: readerFeatures(current), writer: writerFeatures(current) };
  const missing = Object.entries(needs).filter(
    ([name, need]) =>
      need.by(metadata) && !(has.writer.includes(name) && (!need.reader || has.reader.includes(name))),
  );
  if (missing.length === 0) return current;
  const more = missing.map(([name]) => name);
  const moreForReaders = missing.filter(([, { reader }]) => reader).map(([name]) => name);
  const forReaders = moreForReaders.length > 0 || current.minReaderVersion === 3;
  return {
    minReaderVersion: forReaders ? 3 : current.minReaderVersion,
    minWriterVersion: 7,
    ...(forReaders ? { readerFeatures: [...new Set([...has.reader, ...moreForReaders])] } : {}),
    writerFeatures: [...new Set([...has.writer, ...more])],
  };
}

/** Whether a type occurs in another, at any depth. */
function mentions(type: DataType, wanted: string): boolean {
  if (typeof type === 'string') return type === wanted;
  if (type.type === 'array') return mentions(type.elementType, wanted);
  if (type.type === 'map') return mentions(type.keyType, wanted) || mentions(type.valueType, wanted);
  return type.fields.some((field) => mentions(field.type, wanted));
}

/** Features that a writer may leave unheeded in a commit that was prepared without them. */
const heedless = new Set([
  'vacuumProtocolCheck',
  'v2Checkpoint',
  'deletionVectors',
  'timestampNtz',
  'domainMetadata',
]);

/** Whether a protocol that came meanwhile asks something of a commit that was prepared under another one. */
export function bindsWriters(before: Protocol, after: Protocol): boolean {
  const [was, is] = [writerFeatures(before), writerFeatures(after)];
  return (
    was.some((name) => !is.includes(name)) || is.some((name) => !was.includes(name) && !heedless.has(name))
  );
}

/** @throws delta.bad_property (user) for what is no property but a command to other engines */
export function assertProperties(configuration: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(configuration)) {
    const reserved = ['delta.minReaderVersion', 'delta.minWriterVersion'].includes(key);
    const why =
      typeof value !== 'string'
        ? 'its value is not a text'
        : reserved || key.startsWith('delta.feature.')
          ? 'the protocol follows from what the table uses'
          : key.startsWith('delta.') && !isSound(key, value)
            ? `its value is ${JSON.stringify(value)}`
            : undefined;
    if (why === undefined) continue;
    throw new MurmurError('delta.bad_property', `setting table property ${key}: ${why}`, {
      fault: 'user',
      fix: 'see the list of table properties in the documentation of Delta Lake',
      context: { property: key },
    });
  }
}

const whole = /^\d+$/;
const kinds: readonly [keys: RegExp, value: RegExp][] = [
  [/^delta\.(?:enable\w+|appendOnly|randomizeFilePrefixes)$/, /^(?:true|false)$/],
  [/^delta\.(?:checkpointInterval|randomPrefixLength)$/, /^[1-9]\d*$/],
  [/^delta\.targetFileSize$/, whole],
  [/^delta\.dataSkippingNumIndexedCols$/, /^(?:-1|\d+)$/],
  [
    /^delta\.(?:logRetentionDuration|deletedFileRetentionDuration|setTransactionRetentionDuration)$/,
    /^(?:interval )?(?:\d+ (?:millisecond|second|minute|hour|day|week)s? ?)+$/i,
  ],
  [/^delta\.isolationLevel$/, /^(?:Serializable|WriteSerializable)$/],
];

function isSound(key: string, value: string): boolean {
  return kinds.every(([keys, values]) => !keys.test(key) || values.test(value));
}
