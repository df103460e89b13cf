import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBLEM_CONTENT_TYPE } from '../../lib/contract/problems';
import { type ApiAnswer, type ApiClient, isFinal, type JobView, mediaTypeOf } from '../../local/api-client';
import { HOSTILE_FAMILIES, hostileBodies, type NamedHostileBody } from '../hostile/hostile-bodies';
import { StackUnderTest } from './stack-under-test';

const SEED = 20_261_127;
const COUNT = 10_000;
const AT_ONCE = 32;

/** Seconds that the whole suite may take on a busy machine. */
const WITHIN_MS = 900_000;

/** Megabytes that a process of a function may use, code and all: a quarter of them is what it is without a body. */
const MOST_RESIDENT_MB = 400;

interface Sent {
  readonly hostile: NamedHostileBody;
  readonly answer: ApiAnswer;
}

const stack = new StackUnderTest();
let api: ApiClient;
let clientId: string;
const sent: Sent[] = [];

/** Sends them all, a few at a time; what is throttled is sent again, for it has not been looked at. */
async function sendAll(bodies: Iterator<NamedHostileBody>): Promise<void> {
  const work = async () => {
    for (let next = bodies.next(); !next.done; next = bodies.next()) {
      const hostile = next.value;
      const send = () => api.request('POST', '/v1/jobs', hostile.body as Uint8Array, { ...hostile.headers });
      let answer = await send();
      while (answer.status === 429) {
        await sleep(200);
        answer = await send();
      }
      sent.push({ hostile, answer });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Megabytes that each process below the emulator holds. */
function residentMegabytes(): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = new Set([stack.addresses.emulatorPid]);
  for (let size = 0; size !== below.size; ) {
    size = below.size;
    for (const [pid, parent] of rows) if (below.has(parent)) below.add(pid);
  }
  below.delete(stack.addresses.emulatorPid);
  return rows.filter(([pid]) => below.has(pid)).map(([, , kilobytes = 0]) => kilobytes / 1024);
}

/** A few of what should not be, cut short: a difference of thousands would keep the process, and the doubles in it, for minutes. */
const someOf = (found: readonly Sent[]) =>
  found.slice(0, 5).map(({ hostile: { family, body, headers }, answer }) => ({
    family,
    headers,
    body: Buffer.from(body).toString().slice(0, 300),
    status: answer.status,
    type: mediaTypeOf(answer),
    text: answer.text.slice(0, 300),
  }));

const accepted = () => sent.filter(({ answer }) => answer.status === 202);
const idOf = ({ answer }: Sent): string => (answer.json as JobView).id;

beforeAll(async () => {
  ({ api, clientId } = await stack.newClient('hostile bodies'));
  await sendAll(hostileBodies(SEED, COUNT));
}, WITHIN_MS);

test('every one of ten thousand is answered with 2xx or 4xx', () => {
  const statuses = Object.groupBy(sent, ({ answer }) => answer.status);
  const counts = Object.fromEntries(Object.entries(statuses).map(([status, all]) => [status, all?.length]));
  process.stderr.write(`  hostile bodies by status: ${JSON.stringify(counts)}\n`);
  expect(sent).toHaveLength(COUNT);
  const others = sent.filter(({ answer }) => ![202, 400, 413, 415].includes(answer.status));
  expect(someOf(others)).toEqual([]);
});

test('each family is refused, or accepted, as it should be', () => {
  const wrong = sent.filter(({ hostile, answer }) => hostile.isRefused === (answer.status === 202));
  expect(someOf(wrong)).toEqual([]);
  expect(new Set(sent.map(({ hostile }) => hostile.family)).size).toBe(Object.keys(HOSTILE_FAMILIES).length);
});

test('a refusal is a problem document that no browser takes for something else', () => {
  const refusals = sent.filter(({ answer }) => answer.status !== 202);
  expect(refusals.length).toBeGreaterThan(COUNT / 2);
  const bad = refusals.filter(
    ({ answer }) =>
      mediaTypeOf(answer) !== PROBLEM_CONTENT_TYPE ||
      answer.headers.get('x-content-type-options') !== 'nosniff' ||
      !/^urn:bulwark:problem:/.test((answer.json as { type?: string })?.type ?? ''),
  );
  expect(someOf(bad)).toEqual([]);
});

test(
  'what was refused left nothing: the table has the accepted jobs and no other, and they are all that ran',
  async () => {
    const ids = accepted().map(idOf).sort();
    expect(ids.length).toBeGreaterThan(100);
    const rows = async () => (await stack.rowsOf(clientId)).toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
    expect((await rows()).map(({ jobId }) => jobId)).toEqual(ids);
    const isWaiting = async () => (await rows()).some((row) => !isFinal(row as unknown as JobView));
    while (await isWaiting()) await sleep(1_000);
    expect((await rows()).map(({ jobId }) => jobId)).toEqual(ids);
    while ((await stack.countWaiting()) > 0) await sleep(500);
  },
  WITHIN_MS,
);

test('suspicious prompts were labelled in their rows, and ran like any other', async () => {
  const rows = new Map((await stack.rowsOf(clientId)).map((row) => [row.jobId, row]));
  const suspicious = accepted().filter(({ hostile }) => hostile.family === 'suspicious prompt');
  expect(suspicious.length).toBeGreaterThan(50);
  expect(someOf(suspicious.filter((one) => (rows.get(idOf(one))?.labels ?? []).length === 0))).toEqual([]);
  expect(new Set(suspicious.map((one) => rows.get(idOf(one))?.status))).toEqual(new Set(['succeeded']));
});

test('no process of a function has grown beyond its bound', () => {
  const resident = residentMegabytes();
  process.stderr.write(
    `  largest process of a function: ${Math.round(Math.max(...resident))} MB of ${resident.length}\n`,
  );
  expect(resident.length).toBeGreaterThan(0);
  expect(Math.max(...resident)).toBeLessThan(MOST_RESIDENT_MB);
});
