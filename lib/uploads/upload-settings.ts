import { Duration, Size, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { MAX_UPLOAD_BYTES } from '../contract/upload-schema';
import { DEFAULT_ARCHIVE_LIMITS, DEFAULT_UPLOAD_CONTENT_TYPES, UPLOAD_CONTENT_TYPES } from '../contract/uploads';

/** Most that an uploaded archive may hold, all archives within it included. */
export interface ArchiveLimits {
  /**
   * Times its own size that an archive may become, between 1 and 1032, the most that deflate reaches. It counts once the
   * archive has become a mebibyte.
   *
   * @default 100
   */
  readonly maxRatio?: number;

  /**
   * Size that an archive may become, between 1 MiB and 10 GiB.
   *
   * @default Size.mebibytes(256)
   */
  readonly maxInflatedSize?: Size;

  /**
   * Entries that an archive may have, between 1 and 10 000.
   *
   * @default 1000
   */
  readonly maxEntries?: number;

  /**
   * Levels of archives, between 1 and 5; 1 is an archive without any in it.
   *
   * @default 2
   */
  readonly maxDepth?: number;
}

/** What may be uploaded, and how long what is kept. */
export interface UploadTerms {
  /**
   * Largest upload, between 1 byte and 5 GiB, the most that one form can bring into S3.
   *
   * @default Size.mebibytes(10)
   */
  readonly maxSize?: Size;

  /**
   * Content types that may be uploaded, of those that the inspection knows: `image/png`, `image/jpeg`, `image/gif`,
   * `image/webp`, `application/pdf`, `text/plain`, `text/csv`, `application/json`, `application/zip`,
   * `application/gzip`, `image/svg+xml`, `text/html` and `application/xml`.
   *
   * @default - the first eight of these: nothing that unpacks, and nothing that a browser runs
   */
  readonly contentTypes?: string[];

  /**
   * Time for which the form of an upload is valid, between 10 seconds and 1 hour.
   *
   * @default Duration.minutes(5)
   */
  readonly uploadWindow?: Duration;

  /**
   * Most that an archive may hold.
   *
   * @default - the defaults of `ArchiveLimits`
   */
  readonly archives?: ArchiveLimits;

  /**
   * Time that refused and undecided objects lie in quarantine, in whole days between 1 and 365. S3 removes them for good
   * a day later.
   *
   * @default Duration.days(7)
   */
  readonly quarantineRetention?: Duration;

  /**
   * Time that clean objects are kept, in whole days between 1 and 3650.
   *
   * @default - until somebody deletes them
   */
  readonly cleanRetention?: Duration;

  /**
   * Time that the state of an upload is kept, in whole days: longer than `quarantineRetention`, at most 3650.
   *
   * @default Duration.days(30)
   */
  readonly recordRetention?: Duration;

  /**
   * Web origins whose pages may send a form, such as `https://app.example.com`.
   *
   * @default - none: only programs can
   */
  readonly corsOrigins?: string[];

  /**
   * Most uploads that are inspected at the same time, between 2 and 1000.
   *
   * @default 10
   */
  readonly maxConcurrency?: number;
}

/** The same with every default filled in. */
export interface UploadSettings {
  readonly maxSize: Size;
  readonly contentTypes: readonly string[];
  readonly uploadWindow: Duration;
  readonly archives: Required<ArchiveLimits>;
  readonly quarantineRetention: Duration;
  readonly cleanRetention?: Duration;
  readonly recordRetention: Duration;
  readonly corsOrigins: readonly string[];
  readonly maxConcurrency: number;
}

export function uploadSettings(terms: UploadTerms): UploadSettings {
  const { archives = {} } = terms;
  return {
    maxSize: terms.maxSize ?? Size.mebibytes(10),
    contentTypes: terms.contentTypes ?? DEFAULT_UPLOAD_CONTENT_TYPES,
    uploadWindow: terms.uploadWindow ?? Duration.minutes(5),
    archives: {
      maxRatio: archives.maxRatio ?? DEFAULT_ARCHIVE_LIMITS.maxRatio,
      maxInflatedSize: archives.maxInflatedSize ?? Size.bytes(DEFAULT_ARCHIVE_LIMITS.maxInflatedBytes),
      maxEntries: archives.maxEntries ?? DEFAULT_ARCHIVE_LIMITS.maxEntries,
      maxDepth: archives.maxDepth ?? DEFAULT_ARCHIVE_LIMITS.maxDepth,
    },
    quarantineRetention: terms.quarantineRetention ?? Duration.days(7),
    cleanRetention: terms.cleanRetention,
    recordRetention: terms.recordRetention ?? Duration.days(30),
    corsOrigins: terms.corsOrigins ?? [],
    maxConcurrency: terms.maxConcurrency ?? 10,
  };
}

/** Bytes that an inspector reads, inflates and copies in a second at least, with room to spare. */
const LEAST_BYTES_PER_SECOND = 20_000_000;
const LEAST_SECONDS = 60;

/** Time that an inspection may take: it grows with what may be uploaded, and what that may become. */
export function inspectionTimeout({ maxSize, archives }: UploadSettings): Duration {
  const bytes = maxSize.toBytes() + archives.maxInflatedSize.toBytes();
  return Duration.seconds(LEAST_SECONDS + Math.ceil(bytes / LEAST_BYTES_PER_SECOND));
}

const MIB = 1024 ** 2;
const ORIGIN = /^(https:\/\/[a-z0-9.-]+(:\d{1,5})?|http:\/\/localhost(:\d{1,5})?)$/;

/** @throws ConstructConfigError naming every setting that is out of its range */
export function checkUploadSettings(scope: Construct, id: string, settings: UploadSettings): void {
  const check = new ConfigCheck(scope, id);
  const { archives, contentTypes, corsOrigins, uploadWindow, quarantineRetention, recordRetention } = settings;
  checkSize(check, 'maxSize', settings.maxSize, 1, MAX_UPLOAD_BYTES);
  checkContentTypes(check, contentTypes);
  check
    .require(
      uploadWindow.isUnresolved() || (seconds(uploadWindow) >= 10 && seconds(uploadWindow) <= 3_600),
      'uploadWindow',
      'must be between 10 and 3600 seconds',
      `${uploadWindow.isUnresolved() ? '' : seconds(uploadWindow)} seconds`,
    )
    .integer('archives.maxRatio', archives.maxRatio, 1, 1_032)
    .integer('archives.maxEntries', archives.maxEntries, 1, 10_000)
    .integer('archives.maxDepth', archives.maxDepth, 1, 5);
  checkSize(check, 'archives.maxInflatedSize', archives.maxInflatedSize, MIB, 10 * 1024 * MIB);
  checkDays(check, 'quarantineRetention', quarantineRetention, 1, 365);
  checkDays(check, 'cleanRetention', settings.cleanRetention, 1, 3_650);
  // The state must outlive its object, or nobody could say what lies there.
  checkDays(check, 'recordRetention', recordRetention, Math.floor(days(quarantineRetention)) + 1, 3_650);
  for (const origin of corsOrigins) {
    check.require(ORIGIN.test(origin), 'corsOrigins', 'must be origins like `https://app.example.com`', origin);
  }
  check.integer('maxConcurrency', settings.maxConcurrency, 2, 1_000).throwProblems();
}

const seconds = (duration: Duration): number => duration.toSeconds({ integral: false });
const days = (duration: Duration): number => duration.toDays({ integral: false });

function checkDays(check: ConfigCheck, prop: string, duration: Duration | undefined, min: number, max: number): void {
  if (duration === undefined || duration.isUnresolved()) return;
  const value = days(duration);
  const holds = Number.isInteger(value) && value >= min && value <= max;
  check.require(holds, prop, `must be whole days between ${min} and ${max}`, `${value} days`);
}

function checkSize(check: ConfigCheck, prop: string, size: Size, min: number, max: number): void {
  if (size.isUnresolved()) return;
  const bytes = size.toBytes();
  check.require(bytes >= min && bytes <= max, prop, `must be between ${min} and ${max} bytes`, `${bytes} bytes`);
}

function checkContentTypes(check: ConfigCheck, contentTypes: readonly string[]): void {
  if (Token.isUnresolved(contentTypes)) return;
  const known: readonly string[] = UPLOAD_CONTENT_TYPES;
  check.require(contentTypes.length > 0, 'contentTypes', 'must not be empty', 'none');
  for (const type of contentTypes) {
    check.require(known.includes(type), 'contentTypes', `must be some of ${known.join(', ')}`, type);
  }
  check.require(
    new Set(contentTypes).size === contentTypes.length,
    'contentTypes',
    'must differ',
    contentTypes.join(', '),
  );
}
