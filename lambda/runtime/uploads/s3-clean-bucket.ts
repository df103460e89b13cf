import { CopyObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { CLEAN_VERDICT, CleanTag } from '../../../lib/contract/uploads';
import type { CleanCopy, ICleanBucket } from './buckets';
import { dispositionOf } from './content-disposition';

export interface CleanBucketOptions {
  readonly quarantine: string;
  readonly bucket: string;
  /** ARN of the key that encrypts the copy. */
  readonly keyArn: string;
}

const encodeKey = (key: string): string => key.split('/').map(encodeURIComponent).join('/');

/** The clean bucket in S3. The bytes go from bucket to bucket, and never through this process again. */
export class S3CleanBucket implements ICleanBucket {
  readonly #client: S3Client;
  readonly #options: CleanBucketOptions;

  constructor(client: S3Client, options: CleanBucketOptions) {
    this.#client = client;
    this.#options = options;
  }

  async copy({ object, sha256, contentType, name }: CleanCopy): Promise<void> {
    const { quarantine, bucket, keyArn } = this.#options;
    const { key, versionId, etag } = object;
    const { CopyObjectResult } = await this.#client.send(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: key,
        CopySource: `${quarantine}/${encodeKey(key)}?versionId=${encodeURIComponent(versionId)}`,
        CopySourceIfMatch: etag,
        MetadataDirective: 'REPLACE',
        ContentType: contentType,
        ContentDisposition: dispositionOf(name),
        TaggingDirective: 'REPLACE',
        Tagging: new URLSearchParams({ [CleanTag.VERDICT]: CLEAN_VERDICT, [CleanTag.SHA256]: sha256 }).toString(),
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: keyArn,
        BucketKeyEnabled: true,
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    const copied = CopyObjectResult?.ChecksumSHA256;
    if (copied !== undefined && copied !== Buffer.from(sha256, 'hex').toString('base64')) {
      throw new Error('S3 has copied other bytes than were inspected.');
    }
  }
}
