import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import type { Perform } from './dynamodb';

/** One version of an object. */
export interface StoredVersion {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly contentType: string;
  readonly disposition?: string;
  readonly tags: Record<string, string>;
  readonly encryptedBy?: string;
}

class S3Error extends Error {
  constructor(override readonly name: string) {
    super(name);
  }
}

/** Versioned buckets in memory, behind the SDK's client. */
export class S3Double {
  readonly versions: StoredVersion[] = [];
  /** Runs before each chunk of a body; a test may let it throw. */
  beforeChunk: () => void = () => undefined;
  #next = 1;

  constructor(perform: Perform) {
    const s3 = mockClient(S3Client);
    s3.on(HeadObjectCommand).callsFake((input) => perform('HeadObject', () => this.#head(input)));
    s3.on(GetObjectCommand).callsFake((input) => perform('GetObject', () => this.#get(input)));
    s3.on(GetObjectTaggingCommand).callsFake((input) =>
      perform('GetObjectTagging', () => ({
        TagSet: Object.entries(this.#find(input).tags).map(([Key, Value]) => ({ Key, Value })),
      })),
    );
    s3.on(CopyObjectCommand).callsFake((input) => perform('CopyObject', () => this.#copy(input)));
    s3.on(DeleteObjectCommand).callsFake((input) => perform('DeleteObject', () => this.#delete(input)));
  }

  /** Brings an object, as a form does; answers its version. */
  put(bucket: string, key: string, content: Buffer | string, contentType: string): StoredVersion {
    const bytes = Buffer.from(content);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    return this.#add({ bucket, key, bytes, etag, contentType, tags: {} });
  }

  /** Versions under a key, the oldest first. */
  of(bucket: string, key?: string): StoredVersion[] {
    return this.versions.filter((version) => version.bucket === bucket && (key === undefined || version.key === key));
  }

  #add(version: Omit<StoredVersion, 'versionId'>): StoredVersion {
    const added = { ...version, versionId: `v${this.#next}` };
    this.#next += 1;
    this.versions.push(added);
    return added;
  }

  #find({ Bucket = '', Key, VersionId }: GetObjectCommandInput): StoredVersion {
    const found = this.of(Bucket, Key);
    const version = VersionId ? found.find(({ versionId }) => versionId === VersionId) : found.at(-1);
    if (!version) throw new S3Error(VersionId ? 'NoSuchVersion' : 'NoSuchKey');
    return version;
  }

  /** S3 answers a HEAD without a body, so that the SDK knows no more than the status. */
  #head(input: GetObjectCommandInput) {
    try {
      const { versionId, etag, bytes, contentType } = this.#find(input);
      return { VersionId: versionId, ETag: etag, ContentLength: bytes.length, ContentType: contentType };
    } catch {
      throw new S3Error('NotFound');
    }
  }

  #get(input: GetObjectCommandInput) {
    const { bytes } = this.#find(input);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(input.Range ?? '') ?? [];
    const part = first === undefined ? bytes : bytes.subarray(Number(first), Number(last) + 1);
    const { beforeChunk } = this;
    const chunks = function* () {
      for (let at = 0; at < part.length; at += 1_000) {
        beforeChunk();
        yield part.subarray(at, at + 1_000);
      }
    };
    return { Body: Readable.from(chunks(), { objectMode: false }), ContentLength: part.length };
  }

  #copy(input: CopyObjectCommandInput) {
    const [source = '', query] = (input.CopySource ?? '').split('?versionId=');
    const [bucket = '', ...key] = decodeURIComponent(source).split('/');
    const from = this.#find({ Bucket: bucket, Key: key.join('/'), VersionId: decodeURIComponent(query ?? '') });
    if (input.CopySourceIfMatch !== from.etag) throw new S3Error('PreconditionFailed');
    if (input.MetadataDirective !== 'REPLACE' || input.TaggingDirective !== 'REPLACE') throw new S3Error('Unexpected');
    const { versionId } = this.#add({
      bucket: input.Bucket ?? '',
      key: input.Key ?? '',
      bytes: from.bytes,
      etag: from.etag,
      contentType: input.ContentType ?? '',
      tags: Object.fromEntries(new URLSearchParams(input.Tagging)),
      ...(input.ContentDisposition && { disposition: input.ContentDisposition }),
      ...(input.SSEKMSKeyId && { encryptedBy: input.SSEKMSKeyId }),
    });
    const ChecksumSHA256 = createHash('sha256').update(from.bytes).digest('base64');
    return { VersionId: versionId, CopyObjectResult: { ETag: from.etag, ChecksumSHA256 } };
  }

  #delete({ Bucket = '', Key = '', VersionId }: { Bucket?: string; Key?: string; VersionId?: string }) {
    if (!VersionId) throw new S3Error('Only versions are deleted for good.');
    const found = this.versions.findIndex(
      (version) => version.bucket === Bucket && version.key === Key && version.versionId === VersionId,
    );
    if (found >= 0) this.versions.splice(found, 1);
    return {};
  }
}
