import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { SQSRecord } from 'aws-lambda';
import type { InspectDependencies } from '../../../lambda/inspect-upload/dependencies';
import { inspectBatch } from '../../../lambda/inspect-upload/inspect-batch';
import { DynamoDbUploadStore } from '../../../lambda/runtime/uploads/dynamodb-upload-store';
import { S3CleanBucket } from '../../../lambda/runtime/uploads/s3-clean-bucket';
import { S3Quarantine } from '../../../lambda/runtime/uploads/s3-quarantine';
import { awaitedUpload, type Upload } from '../../../lambda/runtime/uploads/upload';
import {
  DEFAULT_ARCHIVE_LIMITS,
  MALWARE_SCAN_TAG,
  type UploadContentType,
  UploadsTable,
  uploadKeyOf,
} from '../../../lib/contract/uploads';
import { Cloud } from './cloud';
import { CLIENT_ID, sqsRecord } from './events';
import { S3Double, type StoredVersion } from './s3';
import { CLEAN, QUARANTINE, UPLOADS_KEY_ARN, UPLOADS_TABLE } from './upload-environment';

export interface Offer {
  readonly contentType?: UploadContentType;
  readonly sizeBytes: number;
  readonly name?: string;
  readonly clientId?: string;
}

/** Quarantine, clean bucket and table in memory, with an inspector that can die at any step. */
export class UploadWorld {
  readonly cloud = new Cloud({ [UPLOADS_TABLE]: [UploadsTable.PARTITION_KEY] });
  readonly s3 = new S3Double(this.cloud.perform);
  readonly counted: string[] = [];
  readonly logged: { readonly level: string; readonly message: string; readonly extra: unknown }[] = [];
  nowMs = Date.parse('2026-11-27T12:00:00Z');
  scanRequired = false;
  readonly #store: DynamoDbUploadStore;
  #uploads = 0;

  constructor() {
    this.#store = new DynamoDbUploadStore(new DynamoDBClient({}), UPLOADS_TABLE);
  }

  /** A form was given to a client; answers the upload. */
  async offer({ contentType = 'text/plain', clientId = CLIENT_ID, ...rest }: Offer): Promise<Upload> {
    this.#uploads += 1;
    const uploadId = `upl_${String(this.#uploads).padStart(32, '0')}`;
    const terms = { windowSeconds: 300, recordDays: 30 };
    const upload = awaitedUpload({ uploadId, clientId, contentType, ...rest, ...terms }, this.nowMs);
    this.cloud.dynamodb.put(UPLOADS_TABLE, { ...upload });
    return upload;
  }

  /** The client uses its form. */
  bring(upload: Upload, content: Buffer | string): StoredVersion {
    return this.s3.put(QUARANTINE, uploadKeyOf(upload.clientId, upload.uploadId), content, upload.contentType);
  }

  /** Offers and brings in one go. */
  async upload(content: Buffer | string, offer: Partial<Offer> = {}) {
    const upload = await this.offer({ sizeBytes: Buffer.byteLength(content), ...offer });
    return { upload, version: this.bring(upload, content) };
  }

  scan({ versionId }: StoredVersion, status: string): void {
    const version = this.s3.versions.find((found) => found.versionId === versionId);
    if (version) version.tags[MALWARE_SCAN_TAG] = status;
  }

  row({ uploadId }: Pick<Upload, 'uploadId'>): Upload | undefined {
    return this.cloud.dynamodb.row(UPLOADS_TABLE, uploadId) as Upload | undefined;
  }

  quarantined(): StoredVersion[] {
    return this.s3.of(QUARANTINE);
  }

  clean(): StoredVersion[] {
    return this.s3.of(CLEAN);
  }

  /** Whether the inspector acknowledges the messages. */
  async inspect(...records: SQSRecord[]): Promise<boolean> {
    const log = (level: string) => (message: string, extra?: unknown) =>
      void this.logged.push({ level, message, extra });
    const { batchItemFailures } = await inspectBatch(records, this.#dependencies(), {
      requestId: 'request-1',
      logOf: () => ({ debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }) as never,
    });
    return batchItemFailures.length === 0;
  }

  #dependencies(): InspectDependencies {
    const s3 = new S3Client({});
    return {
      store: this.#store,
      quarantine: new S3Quarantine(s3, QUARANTINE),
      clean: new S3CleanBucket(s3, { quarantine: QUARANTINE, bucket: CLEAN, keyArn: UPLOADS_KEY_ARN }),
      count: (name) => void this.counted.push(name),
      now: () => this.nowMs,
      limits: DEFAULT_ARCHIVE_LIMITS,
      scanRequired: this.scanRequired,
    };
  }
}

/** What EventBridge says when an object has come. */
export const arrived = ({ bucket, key, versionId }: StoredVersion, receives = 1): SQSRecord =>
  sqsRecord(
    {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId }, reason: 'PostObject' },
    },
    { receives, messageId: `arrived-${versionId}` },
  );

/** What EventBridge says when GuardDuty has scanned an object. */
export const scanned = ({ bucket, key, versionId }: StoredVersion, scanResultStatus: string): SQSRecord =>
  sqsRecord(
    {
      source: 'aws.guardduty',
      'detail-type': 'GuardDuty Malware Protection Object Scan Result',
      detail: {
        s3ObjectDetails: { bucketName: bucket, objectKey: key, versionId },
        scanResultDetails: { scanResultStatus },
      },
    },
    { messageId: `scanned-${versionId}` },
  );
