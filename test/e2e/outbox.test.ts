import { setTimeout as sleep } from 'node:timers/promises';
import { JobStatus } from '../../lib/contract/tables';
import type { ApiClient } from '../../local/api-client';
import { findRelay, type Relay } from '../../local/relay';
import { ENDED_WITHIN_MS, newMarker, StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
let api: ApiClient;
let relay: Relay;

beforeAll(async () => {
  ({ api } = await stack.newClient('outbox'));
  relay = await findRelay(stack.addresses);
});

afterEach(async () => {
  await relay.setReading(true);
  await relay.setStarting(true);
});

test.each<[string, (working: boolean) => Promise<void>]>([
  ['nothing reads the stream', (working) => relay.setReading(working)],
  ['the relay crashes', (working) => relay.setStarting(working)],
])('a job that was accepted while %s runs once that is healed', async (_name, setWorking) => {
  const marker = newMarker('outbox');
  await setWorking(false);
  const id = await api.accept(`Written, not sent. [[${marker}]]`);
  await sleep(3_000);
  expect(await api.read(id)).toMatchObject({ status: JobStatus.QUEUED });
  expect(await stack.countWaiting()).toBe(0);
  expect(await stack.upstream.callsOf(marker)).toEqual({ calls: 0, paid: 0 });

  await setWorking(true);
  expect(await api.untilEnded(id, ENDED_WITHIN_MS)).toMatchObject({ status: JobStatus.SUCCEEDED });
  expect(await stack.upstream.callsOf(marker)).toEqual({ calls: 1, paid: 1 });
});
