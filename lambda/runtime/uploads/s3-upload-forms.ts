import type { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { FormTerms, IUploadForms, UploadForm } from './upload-form';

/**
 * Presigned forms of S3: unlike a presigned PUT, they bound the size, and S3 refuses every field that they do not name,
 * such as tags.
 */
export class S3UploadForms implements IUploadForms {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  make({ key, contentType, maxBytes, windowSeconds }: FormTerms): Promise<UploadForm> {
    return createPresignedPost(this.#client, {
      Bucket: this.#bucket,
      Key: key,
      Fields: { 'Content-Type': contentType },
      Conditions: [['content-length-range', 1, maxBytes]],
      Expires: windowSeconds,
    });
  }
}
