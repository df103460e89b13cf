import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { RunName, SeedRange, VerdictOf } from './run-seeds';

/** Runs the seeds 1 to `seeds`, spread over the machine's cores; answers in the order of the seeds. */
export async function runInParallel<Name extends RunName>(
  run: Name,
  seeds: number,
  onVerdict: () => void = () => undefined,
  signal?: AbortSignal,
): Promise<VerdictOf<Name>[]> {
  const step = Math.min(seeds, availableParallelism());
  const ranges = Array.from(
    { length: step },
    (_, index): SeedRange<Name> => ({ run, first: index + 1, last: seeds, step }),
  );
  const verdicts = await Promise.all(ranges.map((range) => runRange(range, onVerdict, signal)));
  return verdicts.flat().sort((a, b) => a.seed - b.seed);
}

function runRange<Name extends RunName>(
  range: SeedRange<Name>,
  onVerdict: () => void,
  signal?: AbortSignal,
): Promise<VerdictOf<Name>[]> {
  return new Promise((resolve, reject) => {
    // The same loader as this process has, so that it reads TypeScript too. Infinity survives no JSON.
    const child = fork(path.join(__dirname, 'run-seeds.ts'), { signal, serialization: 'advanced' });
    const verdicts: VerdictOf<Name>[] = [];
    child.on('message', (verdict: VerdictOf<Name>) => {
      verdicts.push(verdict);
      onVerdict();
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(verdicts) : reject(new Error(`a simulation ended with ${code}`)),
    );
    child.send(range);
  });
}
