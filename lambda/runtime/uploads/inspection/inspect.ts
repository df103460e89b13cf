import { createHash } from 'node:crypto';
import {
  type UploadArchiveLimits,
  type UploadContentType,
  UploadRefusal,
  type UploadRefusalValue,
} from '../../../../lib/contract/uploads';
import { ArchiveBudget } from './archives/archive-budget';
import { END_RECORD_WINDOW } from './archives/end-record';
import { inspectContent } from './archives/entry-content';
import { inflate } from './archives/inflate';
import { inspectZip } from './archives/zip';
import { ByteSearch } from './byte-search';
import { detectType, hasMagicOf, isTextType } from './detected-type';
import { type Ends, isPageInDisguise, isPolyglot } from './disguises';
import { judgeEnding } from './endings';
import { RefusedError } from './errors';
import { BlockSource, type IObjectSource } from './object-source';
import { testString } from './test-string';
import { TextCheck } from './text-check';
import { checkHtml, checkJson, checkSvgImage, checkXmlDocument } from './text-content';
import { HeadWindow, TailWindow } from './windows';

/** What the client says that it uploads. */
export interface UploadClaim {
  readonly contentType: UploadContentType;
  readonly sizeBytes: number;
}

/** What an inspection found. */
export interface Inspection {
  /** Hex SHA-256 of the bytes; absent where nothing was read. */
  readonly sha256?: string;
  /** Why the upload is refused; none where it is clean. */
  readonly refusals: readonly UploadRefusalValue[];
}

/** First bytes that are kept: of an archive, as many as tell its kind. */
const HEAD_BYTES = 64 * 1024;

/** What is seen of all bytes, in one pass. */
interface Overview extends Ends {
  readonly sha256: string;
  readonly isText: boolean;
  readonly hasTestString: boolean;
}

/**
 * Inspects an upload against what its client claims it to be. Memory stays bounded whatever the object: 64 KiB of either
 * end, 4 MiB of blocks, 16 MiB of a text that is parsed, 32 MiB of archives within archives.
 * @throws whatever keeps it from reading the object: then nothing is decided
 */
export const inspect = async (
  source: IObjectSource,
  claim: UploadClaim,
  limits: UploadArchiveLimits,
): Promise<Inspection> => {
  if (source.size === 0) return { refusals: [UploadRefusal.EMPTY] };
  if (source.size !== claim.sizeBytes) return { refusals: [UploadRefusal.SIZE_MISMATCH] };
  const overview = await overlook(source);
  const { sha256 } = overview;
  const refusals = await judgeOverview(claim.contentType, overview);
  if (refusals.length > 0) return { sha256, refusals };
  try {
    await checkContent(source, claim.contentType, limits);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { sha256, refusals: [error.refusal] };
  }
  return { sha256, refusals: [] };
};

const overlook = async (source: IObjectSource): Promise<Overview> => {
  const hash = createHash('sha256');
  const head = new HeadWindow(HEAD_BYTES);
  const tail = new TailWindow(END_RECORD_WINDOW);
  const search = new ByteSearch(testString());
  const text = new TextCheck();
  let size = 0;
  for await (const chunk of source.stream()) {
    size += chunk.length;
    for (const watcher of [head, tail, search, text]) watcher.write(chunk);
    hash.update(chunk);
  }
  if (size !== source.size) throw new Error(`The object has ${source.size} bytes, of which ${size} came.`);
  return {
    size,
    head: head.bytes,
    tail: tail.bytes,
    sha256: hash.digest('hex'),
    isText: text.end(),
    hasTestString: search.found,
  };
};

const judgeOverview = async (contentType: UploadContentType, overview: Overview): Promise<UploadRefusalValue[]> => {
  const found = [
    overview.hasTestString ? UploadRefusal.MALWARE_SIGNATURE : undefined,
    await judgeType(contentType, overview),
    isPolyglot(contentType, overview) ? UploadRefusal.POLYGLOT : undefined,
  ].filter((refusal) => refusal !== undefined);
  if (found.length > 0) return found;
  // How a file ends says something only where it is what it is declared as.
  const ending = judgeEnding(contentType, overview);
  return ending === undefined ? [] : [ending];
};

const judgeType = async (
  contentType: UploadContentType,
  { head, isText }: Overview,
): Promise<UploadRefusalValue | undefined> => {
  if (!isTextType(contentType)) {
    return (await hasMagicOf(contentType, head)) ? undefined : UploadRefusal.TYPE_MISMATCH;
  }
  if (!isText) return (await detectType(head)) === undefined ? UploadRefusal.NOT_TEXT : UploadRefusal.TYPE_MISMATCH;
  return isPageInDisguise(contentType, head) ? UploadRefusal.TYPE_MISMATCH : undefined;
};

/** @throws RefusedError */
const checkContent = async (
  source: IObjectSource,
  contentType: UploadContentType,
  limits: UploadArchiveLimits,
): Promise<void> => {
  const budget = new ArchiveBudget(limits, source.size);
  switch (contentType) {
    case 'application/json':
      return checkJson(source);
    case 'application/xml':
      return checkXmlDocument(source);
    case 'image/svg+xml':
      return checkSvgImage(source);
    case 'text/html':
      return checkHtml(source);
    case 'application/gzip':
      budget.enter(1);
      await inspectContent(inflate(source.stream(), 'gzip'), budget, 1);
      return;
    case 'application/zip':
      budget.enter(1);
      return inspectZip(new BlockSource(source), { budget, inspectEntry: (entry) => inspectContent(entry, budget, 1) });
    default:
      return;
  }
};
