/** An object in quarantine of which something was told: that it came, or what the malware scanner found. */
export interface UploadEvent {
  readonly key: string;
  /** @default - the newest version */
  readonly versionId?: string;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

/** Fields of EventBridge's events: of S3 about an object, and of GuardDuty about a scan. */
interface Detail {
  readonly object?: { readonly key?: unknown; readonly 'version-id'?: unknown };
  readonly s3ObjectDetails?: { readonly objectKey?: unknown; readonly versionId?: unknown };
}

/**
 * The object that a message of the queue is about; undefined where it is none of the two events. What the scanner found is
 * not taken from its event, but from the tag on the version, which only it may set.
 */
export const parseUploadEvent = (body: string): UploadEvent | undefined => {
  let detail: Detail | undefined;
  try {
    detail = (JSON.parse(body) as { readonly detail?: Detail } | null)?.detail;
  } catch {
    return undefined;
  }
  const key = detail?.object?.key ?? detail?.s3ObjectDetails?.objectKey;
  const versionId = detail?.object?.['version-id'] ?? detail?.s3ObjectDetails?.versionId;
  if (!isText(key)) return undefined;
  return isText(versionId) ? { key, versionId } : { key };
};
