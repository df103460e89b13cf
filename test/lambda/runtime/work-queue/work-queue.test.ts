import fc from 'fast-check';
import { parseJobMessage } from '../../../../lambda/runtime/work-queue/work-queue';

test('reads the identifiers of a message, and leaves anything else', () => {
  const body = JSON.stringify({ jobId: 'job_1', correlationId: 'trace-1', prompt: 'tower' });
  expect(parseJobMessage(body)).toEqual({ jobId: 'job_1', correlationId: 'trace-1' });
});

test.each([
  '',
  'null',
  '1',
  '[]',
  '{}',
  '{"jobId":"a"}',
  '{"jobId":"","correlationId":"b"}',
  '{"jobId":1,"correlationId":"b"}',
])('%j holds no message', (body) => {
  expect(parseJobMessage(body)).toBeUndefined();
});

test('no body makes it throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => expect(() => parseJobMessage(body)).not.toThrow()));
});
