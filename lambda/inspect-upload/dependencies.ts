import type { UploadArchiveLimits } from '../../lib/contract/uploads';
import type { Clock } from '../runtime/clock/clock';
import type { Count, Log } from '../runtime/observability/observability';
import type { ICleanBucket, IQuarantine } from '../runtime/uploads/buckets';
import type { IUploadStore } from '../runtime/uploads/upload-store';

/** What the inspection of an upload needs of the world; made once a process. */
export interface InspectDependencies {
  readonly store: Omit<IUploadStore, 'create'>;
  readonly quarantine: IQuarantine;
  readonly clean: ICleanBucket;
  readonly count: Count;
  readonly now: Clock;
  readonly limits: UploadArchiveLimits;
  /** Whether the malware scanner, too, must have found nothing. */
  readonly scanRequired: boolean;
}

/** What it knows of the message that it handles. */
export interface Invocation {
  readonly log: Log;
}
