import { Duration, Size } from 'aws-cdk-lib';
import type { QuarantinedUploadsProps } from '../../../lib';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { UPLOAD_CONTENT_TYPES } from '../../../lib/contract/uploads';
import { find, uploadsWith } from './uploads-stack';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

describe('each bound is taken on its one side and refused on its other', () => {
  test.each<[string, QuarantinedUploadsProps]>([
    ['maxSize', { maxSize: Size.bytes(1) }],
    ['maxSize', { maxSize: Size.gibibytes(5) }],
    ['uploadWindow', { uploadWindow: Duration.seconds(10) }],
    ['uploadWindow', { uploadWindow: Duration.hours(1) }],
    ['archives.maxRatio', { archives: { maxRatio: 1 } }],
    ['archives.maxRatio', { archives: { maxRatio: 1_032 } }],
    ['archives.maxInflatedSize', { archives: { maxInflatedSize: Size.mebibytes(1) } }],
    ['archives.maxInflatedSize', { archives: { maxInflatedSize: Size.gibibytes(10) } }],
    ['archives.maxEntries', { archives: { maxEntries: 1 } }],
    ['archives.maxEntries', { archives: { maxEntries: 10_000 } }],
    ['archives.maxDepth', { archives: { maxDepth: 1 } }],
    ['archives.maxDepth', { archives: { maxDepth: 5 } }],
    ['quarantineRetention', { quarantineRetention: Duration.days(1) }],
    ['quarantineRetention', { quarantineRetention: Duration.days(365), recordRetention: Duration.days(366) }],
    ['cleanRetention', { cleanRetention: Duration.days(1) }],
    ['cleanRetention', { cleanRetention: Duration.days(3_650) }],
    ['recordRetention', { recordRetention: Duration.days(8) }],
    ['recordRetention', { recordRetention: Duration.days(3_650) }],
    ['contentTypes', { contentTypes: [...UPLOAD_CONTENT_TYPES] }],
    ['maxConcurrency', { maxConcurrency: 2 }],
    ['maxConcurrency', { maxConcurrency: 1_000 }],
  ])('%s may be %j', (_, props) => {
    expect(() => uploadsWith(props)).not.toThrow();
  });

  test.each<[QuarantinedUploadsProps, string]>([
    [{ maxSize: Size.bytes(0) }, `\`maxSize\` must be between 1 and ${5 * GIB} bytes, got: 0 bytes`],
    [
      { maxSize: Size.bytes(5 * GIB + 1) },
      `\`maxSize\` must be between 1 and ${5 * GIB} bytes, got: ${5 * GIB + 1} bytes`,
    ],
    [{ uploadWindow: Duration.seconds(9) }, '`uploadWindow` must be between 10 and 3600 seconds, got: 9 seconds'],
    [{ uploadWindow: Duration.minutes(61) }, '`uploadWindow` must be between 10 and 3600 seconds, got: 3660 seconds'],
    [{ archives: { maxRatio: 0 } }, '`archives.maxRatio` must be an integer between 1 and 1032, got: 0'],
    [{ archives: { maxRatio: 1_033 } }, '`archives.maxRatio` must be an integer between 1 and 1032, got: 1033'],
    [
      { archives: { maxInflatedSize: Size.bytes(MIB - 1) } },
      `\`archives.maxInflatedSize\` must be between ${MIB} and ${10 * GIB} bytes, got: ${MIB - 1} bytes`,
    ],
    [
      { archives: { maxInflatedSize: Size.bytes(10 * GIB + 1) } },
      `\`archives.maxInflatedSize\` must be between ${MIB} and ${10 * GIB} bytes, got: ${10 * GIB + 1} bytes`,
    ],
    [{ archives: { maxEntries: 0 } }, '`archives.maxEntries` must be an integer between 1 and 10000, got: 0'],
    [{ archives: { maxEntries: 10_001 } }, '`archives.maxEntries` must be an integer between 1 and 10000, got: 10001'],
    [{ archives: { maxDepth: 0 } }, '`archives.maxDepth` must be an integer between 1 and 5, got: 0'],
    [{ archives: { maxDepth: 6 } }, '`archives.maxDepth` must be an integer between 1 and 5, got: 6'],
    [
      { quarantineRetention: Duration.hours(36) },
      '`quarantineRetention` must be whole days between 1 and 365, got: 1.5 days',
    ],
    [
      { quarantineRetention: Duration.days(366), recordRetention: Duration.days(400) },
      '`quarantineRetention` must be whole days between 1 and 365, got: 366 days',
    ],
    [
      { cleanRetention: Duration.days(3_651) },
      '`cleanRetention` must be whole days between 1 and 3650, got: 3651 days',
    ],
    [{ recordRetention: Duration.days(7) }, '`recordRetention` must be whole days between 8 and 3650, got: 7 days'],
    [{ contentTypes: [] }, '`contentTypes` must not be empty, got: none'],
    [{ contentTypes: ['video/mp4'] }, /`contentTypes` must be some of image\/png, .*, got: video\/mp4/ as never],
    [{ contentTypes: ['text/csv', 'text/csv'] }, '`contentTypes` must differ, got: text/csv, text/csv'],
    [{ corsOrigins: ['*'] }, '`corsOrigins` must be origins like `https://app.example.com`, got: *'],
    [{ corsOrigins: ['http://app.example.com'] }, '`corsOrigins` must be origins like'],
    [{ corsOrigins: ['https://app.example.com/'] }, '`corsOrigins` must be origins like'],
    [{ maxConcurrency: 1 }, '`maxConcurrency` must be an integer between 2 and 1000, got: 1'],
  ])('%j', (props, message) => {
    expect(() => uploadsWith(props)).toThrow(message);
  });

  test('everything that is wrong is said at once', () => {
    expect(() => uploadsWith({ maxSize: Size.bytes(0), archives: { maxDepth: 9 }, contentTypes: [] })).toThrow(
      /^shop\/Uploads: `maxSize` .*; `contentTypes` .*; `archives\.maxDepth` /,
    );
  });
});

test.each([
  [Size.mebibytes(10), undefined, 74],
  [Size.gibibytes(5), undefined, 342],
  [Size.gibibytes(5), Size.gibibytes(10), 866],
])('an inspection of at most %s that become %s may take %i seconds', (maxSize, maxInflatedSize, seconds) => {
  const { template } = uploadsWith({ maxSize, archives: { maxInflatedSize } });
  expect(find(template, 'AWS::Lambda::Function', 'UploadsInspectUpload').Properties.Timeout).toBe(seconds);
  template.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 6 * seconds });
});

test('what is given reaches the inspector and the buckets', () => {
  const { template } = uploadsWith({
    archives: { maxRatio: 10, maxInflatedSize: Size.mebibytes(5), maxEntries: 20, maxDepth: 1 },
    quarantineRetention: Duration.days(2),
    cleanRetention: Duration.days(90),
    maxConcurrency: 3,
  });
  const { Variables } = find(template, 'AWS::Lambda::Function', 'UploadsInspectUpload').Properties.Environment;
  expect(JSON.parse(Variables[EnvironmentKey.UPLOAD_ARCHIVE_LIMITS])).toEqual({
    maxRatio: 10,
    maxInflatedBytes: 5 * MIB,
    maxEntries: 20,
    maxDepth: 1,
  });
  const daysOf = (bucket: string) =>
    find(template, 'AWS::S3::Bucket', bucket).Properties.LifecycleConfiguration.Rules[0].ExpirationInDays;
  expect([daysOf('UploadsQuarantine'), daysOf('UploadsClean')]).toEqual([2, 90]);
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 3 } });
});
