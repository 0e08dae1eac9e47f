/** A model repository at one commit: which files it has, and how each is known to be whole. */
import { z } from 'zod';
import { MurmurError } from '../base/errors.js';
import { type HubConnection, type HubOptions, hubConnection } from './hub-connection.js';
import { parseHubUri } from './hub-uri.js';

export interface HubFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Of a file in Git itself its Git object name (SHA-1), of a large one the SHA-256 of its bytes; hex. */
  digest: { kind: 'git' | 'sha256'; hex: string };
}

export interface HubRepository {
  /** As the user wrote it. */
  uri: string;
  repository: string;
  /** The commit that the revision meant when it was asked: all files are of it. */
  commit: string;
  licence: string | undefined;
  files: readonly HubFile[];
  connection: HubConnection;
}

const about = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  cardData: z.looseObject({ license: z.string().nullish() }).nullish(),
});
const entry = z.object({
  path: z
    .string()
    .refine((path) => path !== '' && !path.startsWith('/') && !path.split(/[/\\]/).includes('..'), {
      error: 'expected a path inside the repository',
    }),
  size: z.int().min(0),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^(sha256:)?[0-9a-f]{64}$/), size: z.int() }).nullish(),
});
/** A model is some files; a repository of more is not listed to its end. */
const maxFiles = 10_000;

/**
 * Asks the hub which commit a name means, and which files it has.
 * @throws hub.uri_invalid, hub.setting_invalid, hub.not_found, hub.gated (user), hub.unreachable, hub.refused, hub.answer_invalid (external)
 */
export async function openRepository(uri: string, options: HubOptions = {}): Promise<HubRepository> {
  const { repository, revision } = parseHubUri(uri);
  const connection = hubConnection(uri, options);
  const { listFiles, modelInfo } = await import('@huggingface/hub');
  const info = checked(
    about,
    await answered(
      uri,
      modelInfo({ ...connection, name: repository, revision, additionalFields: ['sha', 'cardData'] }),
    ),
    uri,
  );
  const repo = { type: 'model', name: repository } as const;
  const files: HubFile[] = [];
  const listing = listFiles({ ...connection, repo, revision: info.sha, recursive: true });
  for (
    let next = await answered(uri, listing.next());
    !next.done;
    next = await answered(uri, listing.next())
  ) {
    if (next.value.type !== 'file') continue;
    const { path, size, oid, lfs } = checked(entry, next.value, uri);
    const hex = lfs?.oid.replace('sha256:', '');
    files.push({
      path,
      size: lfs?.size ?? size,
      digest: hex === undefined ? { kind: 'git', hex: oid } : { kind: 'sha256', hex },
    });
    if (files.length > maxFiles) throw invalid(uri, `more than ${maxFiles} files`);
  }
  const licence = info.cardData?.license ?? undefined;
  return { uri, repository, commit: info.sha, licence, files, connection };
}

/** What the library throws of itself is about an answer that it does not understand. */
async function answered<T>(uri: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (e) {
    if (e instanceof MurmurError) throw e;
    throw invalid(uri, e instanceof Error ? e.message : String(e), e);
  }
}

function checked<T extends z.ZodType>(spec: T, value: unknown, uri: string): z.output<T> {
  const result = spec.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(uri, `${issue!.path.join('.')}: ${issue!.message}`);
}

function invalid(uri: string, what: string, cause?: unknown): MurmurError {
  return new MurmurError(
    'hub.answer_invalid',
    `asking the hub for ${uri}: an answer that is not the hub's: ${what}`,
    {
      fault: 'external',
      fix: 'check that HF_ENDPOINT, if set, is the address of a hub',
      cause,
    },
  );
}
