import { execFileSync, spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { EnvironmentKey } from '../lib/contract/environment-keys';
import { HANDLERS } from '../lib/contract/handlers';
import { type Bench, type Figure, interleave, median, round, spread } from './figure';

const ROUNDS = 15;
const INIT_GOALS: Readonly<Record<string, number>> = { 'check-health': 10, 'authorize-client': 10 };

// AWS's runtime client has loaded these before a handler's module is evaluated.
const PRELUDE =
  "const require = process.getBuiltinModule('node:module').createRequire('/');require('node:http');require('node:net');";

function handlerEnvironment(): NodeJS.ProcessEnv {
  const values = Object.values(EnvironmentKey).map((name) => [
    name,
    name.endsWith('_URL') ? 'http://127.0.0.1:9' : '1000',
  ]);
  return { PATH: process.env.PATH, AWS_REGION: 'us-east-1', ...Object.fromEntries(values) };
}

/** Milliseconds that a fresh process needs to evaluate the module. */
function initOnce(file: string): Promise<number> {
  const program = `${PRELUDE}const start=performance.now();await import(${JSON.stringify(pathToFileURL(file).href)});process.stdout.write(String(performance.now()-start));process.exit(0);`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env: handlerEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const milliseconds = Number(output);
      if (code === 0 && output !== '' && Number.isFinite(milliseconds)) {
        resolve(milliseconds);
      } else {
        reject(
          new Error(
            `importing ${path.basename(path.dirname(file))} failed with exit code ${code}: ${errors.trim().slice(0, 500)}`,
          ),
        );
      }
    });
  });
}

async function sizeFigures(name: string, file: string): Promise<Figure[]> {
  const bytes = statSync(file).size;
  const zipped = gzipSync(await readFile(file)).length;
  const base = { bench: 'bundle', goal: null, meets: null };
  return [
    { ...base, subject: `${name} size`, figure: round(bytes / 1024, 1), unit: 'KB' },
    { ...base, subject: `${name} gzipped`, figure: round(zipped / 1024, 1), unit: 'KB' },
  ];
}

function initFigure(name: string, samples: readonly number[], empty: number): Figure {
  const figure = round(median(samples) - empty, 1);
  const goal = INIT_GOALS[name];
  return {
    bench: 'bundle',
    subject: `${name} init`,
    figure,
    unit: 'ms above an empty module',
    spread: spread(samples),
    goal: goal === undefined ? null : `<= ${goal}`,
    meets: goal === undefined ? null : figure <= goal,
  };
}

/** Size and evaluation time of every handler's bundle, each in fresh processes beside an empty module. */
export const bundleBench: Bench = {
  name: 'bundle',
  summary: 'KB and init milliseconds above an empty module, per handler',
  async run(report) {
    execFileSync(process.execPath, ['scripts/bundle-lambda.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const files = HANDLERS.map((name) => [name, path.resolve('dist/lambda', name, 'index.mjs')] as const);
    const folder = await mkdtemp(path.join(tmpdir(), 'bulwark-bench-'));
    try {
      const emptyModule = path.join(folder, 'empty.mjs');
      writeFileSync(emptyModule, 'export const handler = async () => {};\n');
      report(`${ROUNDS} fresh processes for each of ${files.length} handlers`);
      const candidates = Object.fromEntries([
        ['empty', () => initOnce(emptyModule)],
        ...files.map(([name, file]) => [name, () => initOnce(file)] as const),
      ]);
      const samples = await interleave(candidates, ROUNDS);
      const empty = median(samples.empty ?? []);
      const figures = await Promise.all(
        files.map(async ([name, file]) => [
          ...(await sizeFigures(name, file)),
          initFigure(name, samples[name] ?? [], empty),
        ]),
      );
      return figures.flat();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
