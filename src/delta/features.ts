/**
 * What of the protocol is understood (PROTOCOL.md, "Table Features"). One table says for each feature whether tables
 * with it can be read and written here; what it does not name is refused by name.
 */
import { MurmurError } from '../base/errors.js';
import type { Metadata, Protocol } from './actions.js';
import { unknownTypeChange } from './type-widening.js';

/** `when inactive`: a table may list the feature as long as nothing in it uses it. */
export type Support = 'yes' | 'when inactive' | 'no';

export interface Feature {
  read: Support;
  write: Support;
  /** Whether a table that may use the feature really does. */
  active?: (metadata: Metadata) => boolean;
}

const inSchema = (key: string) => (metadata: Metadata) => metadata.schemaString.includes(JSON.stringify(key));
const property =
  (name: string, ...values: string[]) =>
  ({ configuration }: Metadata) =>
    values.length === 0 ? configuration[name] !== undefined : values.includes(configuration[name] ?? '');

const wideningTypes = (metadata: Metadata) =>
  inSchema('delta.typeChanges')(metadata) || property('delta.enableTypeWidening', 'true')(metadata);

export const features: Readonly<Record<string, Feature>> = {
  appendOnly: { read: 'yes', write: 'yes' },
  invariants: { read: 'yes', write: 'when inactive', active: inSchema('delta.invariants') },
  checkConstraints: {
    read: 'yes',
    write: 'when inactive',
    active: ({ configuration }) =>
      Object.keys(configuration).some((key) => key.startsWith('delta.constraints.')),
  },
  // Commits that change rows within files are refused one by one, see `change-data-feed.ts`.
  changeDataFeed: { read: 'yes', write: 'yes' },
  generatedColumns: { read: 'yes', write: 'when inactive', active: inSchema('delta.generationExpression') },
  identityColumns: { read: 'yes', write: 'when inactive', active: inSchema('delta.identity.start') },
  allowColumnDefaults: { read: 'yes', write: 'when inactive', active: inSchema('CURRENT_DEFAULT') },
  columnMapping: {
    read: 'yes',
    write: 'when inactive',
    active: ({ configuration }) => (configuration['delta.columnMapping.mode'] ?? 'none') !== 'none',
  },
  deletionVectors: { read: 'yes', write: 'yes' },
  timestampNtz: { read: 'yes', write: 'yes' },
  v2Checkpoint: { read: 'yes', write: 'yes' },
  typeWidening: { read: 'yes', write: 'when inactive', active: wideningTypes },
  'typeWidening-preview': { read: 'yes', write: 'when inactive', active: wideningTypes },
  vacuumProtocolCheck: { read: 'yes', write: 'yes' },
  domainMetadata: { read: 'yes', write: 'yes' },
  inCommitTimestamp: { read: 'yes', write: 'yes' },
  rowTracking: { read: 'yes', write: 'no' },
  clustering: { read: 'yes', write: 'no' },
  icebergCompatV1: { read: 'yes', write: 'no' },
  icebergCompatV2: { read: 'yes', write: 'no' },
  icebergCompatV3: { read: 'yes', write: 'no' },
  materializePartitionColumns: { read: 'yes', write: 'no' },
  checkpointProtection: { read: 'yes', write: 'no' },
  collations: { read: 'yes', write: 'no' },
  'collations-preview': { read: 'yes', write: 'no' },
  // The newest commits may be with the coordinator alone.
  'coordinatedCommits-preview': {
    read: 'when inactive',
    write: 'no',
    active: property('delta.coordinatedCommits.commitCoordinator-preview'),
  },
  catalogManaged: { read: 'no', write: 'no' },
  'catalogOwned-preview': { read: 'no', write: 'no' },
  variantType: { read: 'no', write: 'no' },
  'variantType-preview': { read: 'no', write: 'no' },
  variantShredding: { read: 'no', write: 'no' },
  'variantShredding-preview': { read: 'no', write: 'no' },
  geospatial: { read: 'no', write: 'no' },
  'adaptiveMetadata-preview': { read: 'no', write: 'no' },
};

/** Features that the numbered versions stand for, before features were listed by name. */
const legacyWriter: readonly (readonly string[])[] = [
  [],
  [],
  ['appendOnly', 'invariants'],
  ['checkConstraints'],
  ['changeDataFeed', 'generatedColumns'],
  ['columnMapping'],
  ['identityColumns'],
];

/** @throws delta.unsupported_feature (user), naming what cannot be read */
export function assertReadable(root: string, protocol: Protocol, metadata: Metadata): void {
  const { minReaderVersion } = protocol;
  if (![1, 2, 3].includes(minReaderVersion))
    throw unsupported(root, 'read', `reader version ${minReaderVersion}`);
  // Some features that bind writers alone hide what a reader would need.
  const hiding = writerFeatures(protocol).filter((name) => features[name] && features[name].read !== 'yes');
  refuseFirst(root, 'read', [...readerFeatures(protocol), ...hiding], metadata);
  const mode = metadata.configuration['delta.columnMapping.mode'] ?? 'none';
  if (!['none', 'name', 'id'].includes(mode)) throw unsupported(root, 'read', `columnMapping by ${mode}`);
  const change = unknownTypeChange(metadata.schemaString);
  if (change !== undefined) throw unsupported(root, 'read', `typeWidening ${change}`);
}

/** Also for maintenance. @throws delta.unsupported_feature (user), naming what cannot be written */
export function assertWritable(root: string, protocol: Protocol, metadata: Metadata): void {
  assertReadable(root, protocol, metadata);
  const { minWriterVersion } = protocol;
  if (minWriterVersion < 1 || minWriterVersion > 7) {
    throw unsupported(root, 'write', `writer version ${minWriterVersion}`);
  }
  refuseFirst(root, 'write', writerFeatures(protocol), metadata);
}

/** Features that writers must know, by name also where the protocol has only a number. */
export function writerFeatures({ minWriterVersion, writerFeatures: named = [] }: Protocol): string[] {
  return minWriterVersion === 7 ? [...named] : legacyWriter.slice(0, minWriterVersion + 1).flat();
}

/** The same for readers. */
export function readerFeatures({ minReaderVersion, readerFeatures: named = [] }: Protocol): string[] {
  return minReaderVersion === 3 ? [...named] : minReaderVersion === 2 ? ['columnMapping'] : [];
}

function refuseFirst(
  root: string,
  verb: 'read' | 'write',
  named: readonly string[],
  metadata: Metadata,
): void {
  for (const name of named) {
    const feature = features[name];
    const support = feature?.[verb] ?? 'no';
    if (support === 'no' || (support === 'when inactive' && feature!.active!(metadata))) {
      throw unsupported(root, verb, name);
    }
  }
}

function unsupported(root: string, verb: 'read' | 'write', feature: string): MurmurError {
  return new MurmurError(
    'delta.unsupported_feature',
    `opening ${root} to ${verb} it: ${feature} is not supported`,
    {
      fault: 'user',
      fix: `${verb} it with an engine that knows the feature, or drop the feature there (ALTER TABLE … DROP FEATURE)`,
      context: { root, feature, verb },
    },
  );
}
