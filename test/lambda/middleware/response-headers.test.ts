import '../doubles/environment';
import { readFileSync } from 'node:fs';
import { handler as readJob } from '../../../lambda/read-job/handler';
import { handler as submitJob } from '../../../lambda/submit-job/handler';
import { HANDLERS } from '../../../lib/contract/handlers';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context, submission, submitEvent } from '../doubles/events';

let cloud: Cloud;
let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  cloud = new Cloud();
  output = captureOutput();
});
afterEach(() => output.release());

const NO_SNIFFING = { 'x-content-type-options': 'nosniff' };

test('an accepted, a refused and a failed request are answered with a type that no browser guesses at', async () => {
  const accepted = await submitJob(submitEvent() as never, context());
  const refused = await submitJob(submitEvent('{') as never, context());
  const unknown = await readJob(apiEvent({ pathParameters: { id: 'job_0' } }) as never, context());
  // The step after that of the limits, which answer 503 themselves.
  cloud.crash({ atStep: 2, when: 'before' });
  const failed = await submitJob(submitEvent(submission()) as never, context());
  const answers = [accepted, refused, unknown, failed];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 400, 404, 500]);
  for (const { headers } of answers) expect(headers).toMatchObject(NO_SNIFFING);
  expect(answers.map(({ headers }) => headers?.['content-type'])).toEqual([
    'application/json',
    ...Array(3).fill('application/problem+json'),
  ]);
});

test('every handler that answers requests of the API has the middleware', () => {
  const sources = HANDLERS.map((name) => [name, readFileSync(`lambda/${name}/handler.ts`, 'utf8')] as const);
  const answering = sources.filter(([, source]) => source.includes('requestLog('));
  expect(answering.length).toBeGreaterThanOrEqual(4);
  expect(answering.filter(([, source]) => !source.includes('.use(responseHeaders())')).map(([name]) => name)).toEqual(
    [],
  );
});
