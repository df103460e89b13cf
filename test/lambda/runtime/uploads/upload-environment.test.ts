import { archiveLimits, contentTypes, malwareScan } from '../../../../lambda/runtime/uploads/upload-environment';
import { DEFAULT_ARCHIVE_LIMITS } from '../../../../lib/contract/uploads';

test.each([
  ['image/png', ['image/png']],
  ['image/png,text/csv', ['image/png', 'text/csv']],
])('the content types %s', (text, types) => {
  expect(contentTypes('KEY').parse(text)).toEqual(types);
});

test.each([undefined, '', 'video/mp4', 'image/png,', 'image/png, text/csv'])('no content types: %s', (text) => {
  expect(() => contentTypes('KEY').parse(text)).toThrow(/^must be some of image\/png, /);
});

test('the limits of archives', () => {
  expect(archiveLimits('KEY').parse(JSON.stringify(DEFAULT_ARCHIVE_LIMITS))).toEqual(DEFAULT_ARCHIVE_LIMITS);
});

test.each([
  undefined,
  '',
  '{',
  'null',
  '[]',
  '{}',
  JSON.stringify({ ...DEFAULT_ARCHIVE_LIMITS, maxDepth: 0 }),
  JSON.stringify({ ...DEFAULT_ARCHIVE_LIMITS, maxRatio: '100' }),
])('no limits: %s', (text) => {
  expect(() => archiveLimits('KEY').parse(text)).toThrow(
    'must be JSON with maxRatio, maxInflatedBytes, maxEntries, maxDepth above 0',
  );
});

test('the scanner is required or it is not; nothing else means either', () => {
  expect(malwareScan('KEY').parse('required')).toBe(true);
  expect(malwareScan('KEY').parse('none')).toBe(false);
  for (const text of [undefined, '', 'true', 'false', 'Required']) {
    expect(() => malwareScan('KEY').parse(text)).toThrow('must be `required` or `none`');
  }
});
