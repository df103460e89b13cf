import { createHash } from 'node:crypto';
import { CLIENT_ID_PATTERN } from './client-keys';

/** Keys of the uploads table: one row an upload. */
export const UploadsTable = {
  PARTITION_KEY: 'uploadId',
  TIME_TO_LIVE: 'expiresAt',
} as const;

/** States of an upload; the last two are final. */
export const UploadStatus = {
  /** Its form was given to the client; nothing has arrived. */
  AWAITING: 'awaiting',
  /** Something has arrived, and lies in quarantine. */
  INSPECTING: 'inspecting',
  /** It was inspected and is in the clean bucket. */
  CLEAN: 'clean',
  /** It stays in quarantine until it expires. */
  REFUSED: 'refused',
} as const;

export type UploadStatusValue = (typeof UploadStatus)[keyof typeof UploadStatus];

/** Why an upload was refused; stable, and safe to show to its client. */
export const UploadRefusal = {
  /** It has no bytes. */
  EMPTY: 'empty',
  /** It has another size than its client declared. */
  SIZE_MISMATCH: 'size-mismatch',
  /** Its content is of another type than its client declared. */
  TYPE_MISMATCH: 'type-mismatch',
  /** It is something else at the same time, such as an image that is an archive as well. */
  POLYGLOT: 'polyglot',
  /** Its end is missing. */
  TRUNCATED: 'truncated',
  /** It is declared as text and holds what is no UTF-8, or control characters. */
  NOT_TEXT: 'not-text',
  /** It does not follow the grammar of its type. */
  MALFORMED: 'malformed',
  /** It is too large, or nested too deeply, to be parsed. */
  TOO_COMPLEX: 'too-complex',
  /** It would run something in a browser: a script, an event handler, an embedded page. */
  ACTIVE_CONTENT: 'active-content',
  /** It would load something from elsewhere when it is shown. */
  EXTERNAL_REFERENCE: 'external-reference',
  /** It declares entities, by which few bytes become many. */
  ENTITIES: 'entities',
  /** It holds the test string of the malware scanners. */
  MALWARE_SIGNATURE: 'malware-signature',
  /** The malware scanner found a threat. */
  MALWARE: 'malware',
  /** It becomes too many times its own size. */
  ARCHIVE_RATIO: 'archive-ratio',
  /** It becomes too large. */
  ARCHIVE_TOO_LARGE: 'archive-too-large',
  ARCHIVE_TOO_MANY_ENTRIES: 'archive-too-many-entries',
  /** It holds archives that hold archives. */
  ARCHIVE_TOO_DEEP: 'archive-too-deep',
  /** An entry would be written outside of the folder that it is unpacked into. */
  ARCHIVE_PATH: 'archive-path',
  /** Nobody can look into an encrypted entry. */
  ARCHIVE_ENCRYPTED: 'archive-encrypted',
  /** Two readers would find different things in it. */
  ARCHIVE_INCONSISTENT: 'archive-inconsistent',
  /** It cannot be unpacked. */
  ARCHIVE_CORRUPT: 'archive-corrupt',
  /** It is, or holds, an archive of a kind that the inspection cannot look into. */
  ARCHIVE_UNSUPPORTED: 'archive-unsupported',
} as const;

export type UploadRefusalValue = (typeof UploadRefusal)[keyof typeof UploadRefusal];

/** Refusals that somebody has to be told of. */
export const MALWARE_REFUSALS: readonly UploadRefusalValue[] = [UploadRefusal.MALWARE_SIGNATURE, UploadRefusal.MALWARE];

/** Every content type that the inspection knows. A deployment allows some of them. */
export const UPLOAD_CONTENT_TYPES = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'text/plain',
  'text/csv',
  'application/json',
  'application/zip',
  'application/gzip',
  'image/svg+xml',
  'text/html',
  'application/xml',
] as const;

export type UploadContentType = (typeof UPLOAD_CONTENT_TYPES)[number];

/** What a deployment allows unless told otherwise: nothing that unpacks, and nothing that a browser runs. */
export const DEFAULT_UPLOAD_CONTENT_TYPES: readonly UploadContentType[] = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'text/plain',
  'text/csv',
  'application/json',
];

/** Most that an archive may hold, all of its levels together. */
export interface UploadArchiveLimits {
  /** Times its own size that it may become; counts from a mebibyte on. */
  readonly maxRatio: number;
  /** Bytes that it may become. */
  readonly maxInflatedBytes: number;
  readonly maxEntries: number;
  /** Levels of archives; 1 is an archive without any in it. */
  readonly maxDepth: number;
}

export const DEFAULT_ARCHIVE_LIMITS: UploadArchiveLimits = {
  maxRatio: 100,
  maxInflatedBytes: 256 * 1024 ** 2,
  maxEntries: 1_000,
  maxDepth: 2,
};

/** Tags of an object in the clean bucket. Its policy lets nobody read one that has another verdict, or none. */
export const CleanTag = { VERDICT: 'verdict', SHA256: 'sha256' } as const;

/** Value of the verdict's tag. */
export const CLEAN_VERDICT = 'clean';

/** Tag by which GuardDuty says what its scan has found. */
export const MALWARE_SCAN_TAG = 'GuardDutyMalwareScanStatus';

/** Values of that tag; every other, such as UNSUPPORTED, ACCESS_DENIED and FAILED, decides nothing. */
export const MalwareScanStatus = { NO_THREATS_FOUND: 'NO_THREATS_FOUND', THREATS_FOUND: 'THREATS_FOUND' } as const;

/** Where an upload lies, in quarantine and in the clean bucket. */
export const UPLOAD_PREFIX = 'uploads/';

/** Shape of an upload's id: 32 hex digits, drawn at random. */
export const UPLOAD_ID_PATTERN = /^upl_[0-9a-f]{32}$/;

const OWNER_LENGTH = 16;

/** The owner in an object's key: 16 characters that are safe in one, whatever the client's id is made of. */
const ownerOf = (clientId: string): string =>
  CLIENT_ID_PATTERN.test(clientId)
    ? clientId
    : createHash('sha256').update(clientId).digest('hex').slice(0, OWNER_LENGTH);

/** Key of an upload's object, which its form fixes. */
export const uploadKeyOf = (clientId: string, uploadId: string): string =>
  `${UPLOAD_PREFIX}${ownerOf(clientId)}/${uploadId}`;

/** Every key of that shape, as IAM writes it: `?` is one character. No right reaches any other object. */
export const UPLOAD_KEY_SHAPE = `${UPLOAD_PREFIX}${'?'.repeat(OWNER_LENGTH)}/upl_${'?'.repeat(32)}`;

/** The upload that an object's key names; undefined for any other object. */
export const uploadIdOfKey = (key: string): string | undefined => {
  const [prefix, owner, id, ...rest] = key.split('/');
  if (`${prefix}/` !== UPLOAD_PREFIX || !CLIENT_ID_PATTERN.test(owner ?? '') || rest.length > 0) return undefined;
  return UPLOAD_ID_PATTERN.test(id ?? '') ? id : undefined;
};

/** Names of the outputs that only a deployment has which takes uploads. */
export const UploadsOutput = {
  TABLE: 'UploadsTableName',
  QUARANTINE_BUCKET: 'UploadQuarantineBucketName',
  CLEAN_BUCKET: 'UploadCleanBucketName',
  QUEUE_URL: 'UploadsQueueUrl',
  DEAD_LETTER_QUEUE_URL: 'UploadsDeadLetterQueueUrl',
  INSPECTOR: 'UploadInspectorName',
} as const;
