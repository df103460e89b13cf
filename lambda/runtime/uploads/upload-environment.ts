import {
  DEFAULT_ARCHIVE_LIMITS,
  UPLOAD_CONTENT_TYPES,
  type UploadArchiveLimits,
  type UploadContentType,
} from '../../../lib/contract/uploads';
import type { Field } from '../environment/read-environment';

const isKnown = (type: string): type is UploadContentType => UPLOAD_CONTENT_TYPES.some((known) => known === type);

/** Content types, separated by commas, of those that the inspection knows. */
export const contentTypes = (key: string): Field<readonly UploadContentType[]> => ({
  key,
  parse: (value) => {
    const types = (value ?? '').split(',');
    if (!types.every(isKnown)) throw new RangeError(`must be some of ${UPLOAD_CONTENT_TYPES.join(', ')}`);
    return types;
  },
});

const LIMIT_NAMES = Object.keys(DEFAULT_ARCHIVE_LIMITS) as (keyof UploadArchiveLimits)[];

/** What an archive may hold, as JSON of whole numbers above 0. */
export const archiveLimits = (key: string): Field<UploadArchiveLimits> => ({
  key,
  parse: (value) => {
    const limits = parseJson(value) as Partial<Record<string, unknown>> | null;
    const isComplete = LIMIT_NAMES.every((name) => Number.isSafeInteger(limits?.[name]) && Number(limits?.[name]) > 0);
    if (!isComplete) throw new RangeError(`must be JSON with ${LIMIT_NAMES.join(', ')} above 0`);
    return limits as unknown as UploadArchiveLimits;
  },
});

const parseJson = (value: string | undefined): unknown => {
  try {
    return JSON.parse(value ?? '');
  } catch {
    return null;
  }
};

/** Whether the malware scanner must have found nothing. There is no default: a missing word must not mean "no". */
export const malwareScan = (key: string): Field<boolean> => ({
  key,
  parse: (value) => {
    if (value !== 'required' && value !== 'none') throw new RangeError('must be `required` or `none`');
    return value === 'required';
  },
});
