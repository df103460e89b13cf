// Imported first by tests of the handlers of uploads, as `environment` is by others.
import './environment';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { DEFAULT_ARCHIVE_LIMITS, UPLOAD_CONTENT_TYPES } from '../../../lib/contract/uploads';

export const UPLOADS_TABLE = 'uploads';
export const QUARANTINE = 'quarantine-bucket';
export const CLEAN = 'clean-bucket';
export const UPLOADS_KEY_ARN = 'arn:aws:kms:eu-central-1:000000000000:key/uploads';
export const MAX_UPLOAD = 1_000_000;
export const WINDOW_SECONDS = 300;

Object.assign(process.env, {
  [EnvironmentKey.UPLOADS_TABLE]: UPLOADS_TABLE,
  [EnvironmentKey.QUARANTINE_BUCKET]: QUARANTINE,
  [EnvironmentKey.CLEAN_BUCKET]: CLEAN,
  [EnvironmentKey.UPLOADS_KEY_ARN]: UPLOADS_KEY_ARN,
  [EnvironmentKey.UPLOADS_LABEL]: 'stack/Uploads',
  [EnvironmentKey.UPLOAD_CONTENT_TYPES]: UPLOAD_CONTENT_TYPES.join(','),
  [EnvironmentKey.UPLOAD_MAX_BYTES]: String(MAX_UPLOAD),
  [EnvironmentKey.UPLOAD_WINDOW_SECONDS]: String(WINDOW_SECONDS),
  [EnvironmentKey.UPLOAD_RECORD_DAYS]: '30',
  [EnvironmentKey.UPLOAD_ARCHIVE_LIMITS]: JSON.stringify(DEFAULT_ARCHIVE_LIMITS),
  [EnvironmentKey.UPLOAD_MALWARE_SCAN]: 'none',
});
