import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Verdict } from './judge';
import type { FleetName, SeedRange } from './run-seeds';

/** Runs the seeds 1 to `seeds` of a fleet, spread over the machine's cores; in the order of the seeds. */
export async function runInParallel(
  fleet: FleetName,
  seeds: number,
  onVerdict: (verdict: Verdict) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  const step = Math.min(seeds, availableParallelism());
  const ranges = Array.from(
    { length: step },
    (_, index): SeedRange => ({ fleet, first: index + 1, last: seeds, step }),
  );
  const verdicts = await Promise.all(ranges.map((range) => runRange(range, onVerdict, signal)));
  return verdicts.flat().sort((a, b) => a.seed - b.seed);
}

function runRange(range: SeedRange, onVerdict: (verdict: Verdict) => void, signal?: AbortSignal): Promise<Verdict[]> {
  return new Promise((resolve, reject) => {
    // The same loader as this process has, so that it reads TypeScript too. Infinity survives no JSON.
    const child = fork(path.join(__dirname, 'run-seeds.ts'), { signal, serialization: 'advanced' });
    const verdicts: Verdict[] = [];
    child.on('message', (verdict: Verdict) => {
      verdicts.push(verdict);
      onVerdict(verdict);
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(verdicts) : reject(new Error(`a simulation ended with ${code}`)),
    );
    child.send(range);
  });
}
