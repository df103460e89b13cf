import '../doubles/environment';
import { handler } from '../../../lambda/check-health/handler';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context } from '../doubles/events';

let output: ReturnType<typeof captureOutput>;
beforeAll(() => {
  output = captureOutput();
});
afterAll(() => output.release());

test('answers that the service is alive, with its version and the time', async () => {
  const before = Date.now();
  const response = await handler(apiEvent({ clientId: '', resource: '/health' }) as never, context());
  const { status, timestamp, version } = JSON.parse(response.body);
  expect(response.statusCode).toBe(200);
  expect({ status, version }).toEqual({ status: 'ok', version: '1.2.3' });
  expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
  expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-correlation-id': 'request-1' });
  expect(response.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
});
