import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { MALWARE_SCAN_TAG } from '../../../lib/contract/uploads';
import type { IQuarantine, QuarantinedObject } from './buckets';
import type { IObjectSource } from './inspection/object-source';

/** What S3 answers where a version is gone: by its name, and by its status for one that only marks a deletion. */
const GONE = ['NoSuchKey', 'NoSuchVersion', 'NotFound', 'MethodNotAllowed'];

/** A body that must be there, as the stream that the SDK gives on Node. */
const streamOf = ({ Body }: GetObjectCommandOutput): Readable => {
  if (!(Body instanceof Readable)) throw new TypeError('S3 has answered without a body.');
  return Body;
};

interface Version {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId: string;
}

/** One version of an object, read from the network. */
class S3ObjectSource implements IObjectSource {
  readonly #client: S3Client;
  readonly #version: Version;

  constructor(
    client: S3Client,
    version: Version,
    readonly size: number,
  ) {
    this.#client = client;
    this.#version = version;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    yield* streamOf(await this.#client.send(new GetObjectCommand(this.#version)));
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    if (start >= end) return new Uint8Array();
    const answer = await this.#client.send(
      new GetObjectCommand({ ...this.#version, Range: `bytes=${start}-${end - 1}` }),
    );
    const bytes = Buffer.concat(await streamOf(answer).toArray());
    if (bytes.length !== end - start) throw new Error('S3 has answered another range than was asked for.');
    return bytes;
  }
}

/** The quarantine in a versioned bucket. */
export class S3Quarantine implements IQuarantine {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async open(key: string, versionId?: string): Promise<QuarantinedObject | undefined> {
    try {
      const answer = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#bucket, Key: key, VersionId: versionId }),
      );
      return this.#objectOf(key, answer);
    } catch (error) {
      if (GONE.includes((error as Error).name)) return undefined;
      throw error;
    }
  }

  async readScanStatus(key: string, versionId: string): Promise<string | undefined> {
    const { TagSet } = await this.#client.send(
      new GetObjectTaggingCommand({ Bucket: this.#bucket, Key: key, VersionId: versionId }),
    );
    return TagSet?.find(({ Key }) => Key === MALWARE_SCAN_TAG)?.Value;
  }

  async remove(key: string, versionId: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, VersionId: versionId }));
  }

  #objectOf(key: string, answer: HeadObjectCommandOutput): QuarantinedObject {
    const { VersionId: versionId, ETag: etag, ContentLength: size, ContentType: contentType = '' } = answer;
    // Without versions, what was inspected could be another object by the time it is copied.
    if (!versionId || !etag || size === undefined) throw new Error('The quarantine bucket keeps no versions.');
    const version = { Bucket: this.#bucket, Key: key, VersionId: versionId };
    return { key, versionId, etag, contentType, source: new S3ObjectSource(this.#client, version, size) };
  }
}
