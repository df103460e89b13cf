import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Bench, interleave, median, round, spread } from './figure';

const ROUNDS = 5;

/** After which the folders are removed as well. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

const BARE_APP = `
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
const app = new App();
new Bucket(new Stack(app, 'Bare'), 'Bucket');
app.synth();
`;

function timed(args: readonly string[], signal: AbortSignal): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('node_modules/.bin/cdk', [...args], { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', (error) => {
      // One that is being stopped may still write: its folder can go only once it has closed.
      if (!signal.aborted) reject(error);
    });
    child.once('close', (code) => {
      if (signal.aborted) {
        reject(new Error('interrupted'));
      } else if (code === 0) {
        resolve((performance.now() - start) / 1000);
      } else {
        reject(new Error(`cdk ${args.join(' ')} failed with exit code ${code}: ${errors.trim().slice(-500)}`));
      }
    });
  });
}

/** Wall time of `cdk synth` of the prod app, validators on, beside a bare app with one bucket. */
export const synthBench: Bench = {
  name: 'synth',
  summary: 'cdk synth of prod in seconds, and as a ratio to a bare one-bucket app',
  async run(report) {
    const interruption = new AbortController();
    const interrupt = () => interruption.abort();
    for (const name of SIGNALS) process.once(name, interrupt);
    // Inside the checkout, so that the bare app finds the same aws-cdk-lib.
    const folder = await mkdtemp(path.resolve('.bench-'));
    const output = await mkdtemp(path.join(tmpdir(), 'bulwark-bench-'));
    try {
      const bare = path.join(folder, 'bare.ts');
      await writeFile(bare, BARE_APP);
      report(`${ROUNDS} runs of each, interleaved`);
      const samples = await interleave(
        {
          prod: () => timed(['synth', '-q', '-c', 'env=prod', '-o', path.join(output, 'prod')], interruption.signal),
          bare: () =>
            timed(
              ['synth', '-q', '--app', `node_modules/.bin/tsx ${bare}`, '-o', path.join(output, 'bare')],
              interruption.signal,
            ),
        },
        ROUNDS,
      );
      const base = { bench: 'synth', goal: null, meets: null };
      return [
        { ...base, subject: 'prod', figure: round(median(samples.prod), 2), unit: 's', spread: spread(samples.prod) },
        { ...base, subject: 'bare', figure: round(median(samples.bare), 2), unit: 's', spread: spread(samples.bare) },
        {
          ...base,
          subject: 'prod / bare',
          figure: round(median(samples.prod) / median(samples.bare), 2),
          unit: 'x a bare one-bucket app',
        },
      ];
    } finally {
      for (const name of SIGNALS) process.off(name, interrupt);
      await rm(folder, { recursive: true, force: true });
      await rm(output, { recursive: true, force: true });
    }
  },
};
