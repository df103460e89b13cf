import { statfs } from 'node:fs/promises';
import { memoryUsage } from 'node:process';
import { getHeapStatistics } from 'node:v8';
import { HealthStatus } from '../../../lib/contract/health';
import type { IHealthCheck } from './health-check';

const MEBIBYTE = 1_048_576;

/** Part of the memory from which on a process may be killed by its next allocation. */
const FULL_MEMORY = 0.9;

/** Free part of the disk below which it counts as full. */
const LOW_DISK = 0.1;

/** Bytes in use and bytes that there are. */
export interface Usage {
  readonly used: number;
  readonly limit: number;
}

/** The heap against its limit, and the whole process against the function's memory, whichever is fuller. */
export const processMemory = (functionMemoryMebibytes: string | undefined) => (): Usage => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  const whole = { used: memoryUsage().rss, limit: Number(functionMemoryMebibytes) * MEBIBYTE };
  return whole.limit > 0 && whole.used / whole.limit > used / limit ? whole : { used, limit };
};

/** Degraded from 90 % on. */
export const memoryCheck = (read: () => Usage): IHealthCheck => ({
  name: 'memory',
  isCritical: false,
  run: async () => {
    const { used, limit } = read();
    return {
      status: used / limit < FULL_MEMORY ? HealthStatus.OK : HealthStatus.DEGRADED,
      detail: { usedMiB: Math.round(used / MEBIBYTE), limitMiB: Math.round(limit / MEBIBYTE) },
    };
  },
});

/** The file system that holds `folder`. */
export const diskOf = (folder: string) => async (): Promise<Usage> => {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { used: (blocks - bavail) * bsize, limit: blocks * bsize };
};

/** Degraded when less than 10 % is free. */
export const diskCheck = (read: () => Promise<Usage>): IHealthCheck => ({
  name: 'disk',
  isCritical: false,
  run: async () => {
    const { used, limit } = await read();
    const free = limit - used;
    return {
      status: free >= limit * LOW_DISK ? HealthStatus.OK : HealthStatus.DEGRADED,
      detail: { freeMiB: Math.floor(free / MEBIBYTE), limitMiB: Math.floor(limit / MEBIBYTE) },
    };
  },
});
