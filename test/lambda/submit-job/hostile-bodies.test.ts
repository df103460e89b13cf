import '../doubles/environment';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { handler } from '../../../lambda/submit-job/handler';
import { HOSTILE_FAMILIES, hostileBodies, type NamedHostileBody } from '../../hostile/hostile-bodies';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { JOBS_TABLE, MAX_BODY_BYTES } from '../doubles/environment';
import { context, submitEvent } from '../doubles/events';
import { LIMIT_STEPS } from '../doubles/limit-steps';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.release());

/** Sends a body as API Gateway hands it over: as text where it is UTF-8, in base64 where it is not. */
const submit = async ({ body, headers = {} }: NamedHostileBody) => {
  const isText = typeof body === 'string';
  return handler(
    submitEvent(isText ? body : Buffer.from(body).toString('base64'), {
      headers: { ...headers, ...(headers['content-type'] && { 'Content-Type': headers['content-type'] }) },
      isBase64Encoded: !isText,
    }) as never,
    context(),
  );
};

test('every family is refused or accepted as it should be, and what is refused writes nothing', async () => {
  const seen = new Set<string>();
  const cloud = new Cloud();
  for (const hostile of hostileBodies(1, 2_000)) {
    const stepsBefore = cloud.steps.length;
    const jobsBefore = cloud.dynamodb.rowCount(JOBS_TABLE);
    const { statusCode, body } = await submit(hostile);
    // The limit of this test's environment is lower than what the families are made for.
    const isTooLong = Buffer.byteLength(hostile.body) > MAX_BODY_BYTES;
    const isAccepted = statusCode === 202;
    expect({ hostile, statusCode, known: [202, 400, 413, 415].includes(statusCode) }).toMatchObject({ known: true });
    if (hostile.isRefused !== undefined && !isTooLong) {
      expect({ hostile, body, isRefused: !isAccepted }).toMatchObject({ isRefused: hostile.isRefused });
    }
    if (!isAccepted) {
      // The limits count each request, whatever its body; nothing else is done.
      expect(LIMIT_STEPS.slice(0, cloud.steps.length - stepsBefore)).toEqual(cloud.steps.slice(stepsBefore));
      expect(cloud.dynamodb.rowCount(JOBS_TABLE)).toBe(jobsBefore);
    }
    seen.add(hostile.family);
  }
  expect([...seen].sort()).toEqual(Object.keys(HOSTILE_FAMILIES).sort());
}, 60_000);

test('nothing is kept of what was refused: the heap stays as it was', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let sent = 0;
  /** Bytes of the heap after a thousand bodies. */
  const round = async (seed: number) => {
    const cloud = new Cloud();
    for (const hostile of hostileBodies(seed, 1_000)) {
      if (!hostile.isRefused) continue;
      sent += Buffer.byteLength(hostile.body);
      await submit(hostile);
    }
    output.release();
    output = captureOutput();
    // The mock keeps what it was asked by the limits.
    cloud.dynamodb.forgetCalls();
    collect();
    return process.memoryUsage().heapUsed;
  };
  await round(10);
  const before = await round(11);
  sent = 0;
  const growth = [(await round(12)) - before, (await round(13)) - before];
  expect(Math.max(...growth)).toBeLessThan(sent / 3);
}, 60_000);
