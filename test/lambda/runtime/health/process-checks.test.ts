import { diskCheck, diskOf, memoryCheck, processMemory } from '../../../../lambda/runtime/health/process-checks';

const MIB = 1_048_576;
const never = new AbortController().signal;

test.each([
  [899, 'ok'],
  [900, 'degraded'],
])('memory with %d of 1000 MiB in use is %s', async (used, status) => {
  expect(await memoryCheck(() => ({ used: used * MIB, limit: 1000 * MIB })).run(never)).toEqual({
    status,
    detail: { usedMiB: used, limitMiB: 1000 },
  });
});

test.each([
  [900, 'ok'],
  [901, 'degraded'],
])('a disk with %d of 1000 MiB in use is %s', async (used, status) => {
  const check = diskCheck(async () => ({ used: used * MIB, limit: 1000 * MIB }));
  expect(await check.run(never)).toEqual({ status, detail: { freeMiB: 1000 - used, limitMiB: 1000 } });
});

test('the fuller of the heap and the function’s memory counts', () => {
  const heap = processMemory(undefined)();
  expect(heap.used).toBeGreaterThan(0);
  expect(heap.limit).toBeGreaterThan(heap.used);
  // The process alone is larger than one MiB, and far smaller than a terabyte.
  expect(processMemory('1')().limit).toBe(MIB);
  expect(processMemory('1000000')().limit).toBe(heap.limit);
});

test('reads the real disk', async () => {
  const { used, limit } = await diskOf('/tmp')();
  expect(limit).toBeGreaterThan(used);
  expect(used).toBeGreaterThanOrEqual(0);
  await expect(diskOf('/no/such/folder')()).rejects.toThrow('ENOENT');
});

test('neither stops the service', () => {
  const usage = { used: 1, limit: 2 };
  expect([memoryCheck(() => usage), diskCheck(async () => usage)]).toMatchObject([
    { name: 'memory', isCritical: false },
    { name: 'disk', isCritical: false },
  ]);
});
