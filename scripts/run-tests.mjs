// `npm test`: every check in order of cost, a line a step with its seconds, and one closing line with the counts.
// `npm test -- lint typecheck` runs only the named steps.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const STEPS = [
  { name: 'bundle', command: ['npm', 'run', '--silent', 'bundle'] },
  { name: 'typecheck', command: ['npm', 'run', '--silent', 'typecheck'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'jsii', command: ['npm', 'run', '--silent', 'build:jsii'] },
  { name: 'constructs', command: ['npm', 'run', '--silent', 'test:constructs', '--'], jest: true },
  { name: 'lambda', command: ['npm', 'run', '--silent', 'test:lambda', '--'], jest: true },
  { name: 'e2e', command: ['npm', 'run', '--silent', 'test:e2e', '--'], jest: true },
];

const run = ([program, ...args]) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal === null ? code : 1));
  });

async function runStep(step, folder, counts) {
  const report = path.join(folder, `${step.name}.json`);
  const code = await run(step.jest ? [...step.command, '--json', `--outputFile=${report}`] : step.command);
  if (step.jest) {
    const result = await readFile(report, 'utf8').then(JSON.parse, () => ({ numPassedTests: 0, numFailedTests: 1 }));
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests + (result.numRuntimeErrorTestSuites ?? 0);
    return code === 0 && result.numPassedTests > 0;
  }
  counts.passed += code === 0 ? 1 : 0;
  counts.failed += code === 0 ? 0 : 1;
  return code === 0;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `npm test: no step named ${unknown.join(', ')}; there are: ${STEPS.map((step) => step.name).join(', ')}`,
  );
  process.exit(2);
}

const folder = await mkdtemp(path.join(tmpdir(), 'bulwark-test-'));
const counts = { passed: 0, failed: 0 };
const rows = [];
for (const step of STEPS.filter((candidate) => names.length === 0 || names.includes(candidate.name))) {
  console.log(`\n== ${step.name}`);
  const start = performance.now();
  const ok = await runStep(step, folder, counts);
  rows.push(`${ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(12)} ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
await rm(folder, { recursive: true, force: true });
console.log(`\n${rows.join('\n')}\n`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(rows.some((row) => row.startsWith('FAIL')) ? 1 : 0);
