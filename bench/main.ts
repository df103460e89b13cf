import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { breakerBench } from './breaker';
import { bundleBench } from './bundle';
import type { Figure } from './figure';
import { ledgerBench } from './ledger';
import { pipelineBench } from './pipeline';
import { synthBench } from './synth';
import { validationBench } from './validation';

const BENCHES = [synthBench, bundleBench, breakerBench, ledgerBench, validationBench, pipelineBench];

const USAGE = `Usage: npm run bench -- [NAME ...] [--json]

Measures and states; a figure short of its goal fails nothing. Without a name, every bench runs.

${BENCHES.map((bench) => `  ${bench.name.padEnd(10)} ${bench.summary}`).join('\n')}

  --json     one JSON line a figure (use: npm run --silent bench -- NAME --json)
  --help     this text
`;

function print(figure: Figure, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(figure));
    return;
  }
  const goal = figure.goal === null ? '' : `  goal ${figure.goal}: ${figure.meets ? 'meets' : 'SHORT'}`;
  const spread = figure.spread === undefined ? '' : `  (IQR ${Math.round(figure.spread * 100)} %)`;
  console.log(`  ${figure.subject.padEnd(28)} ${String(figure.figure).padStart(9)} ${figure.unit}${spread}${goal}`);
}

async function main(): Promise<number> {
  let options: { values: { json?: boolean; help?: boolean }; positionals: string[] };
  try {
    options = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    console.error(`bench: ${(error as Error).message} See \`npm run bench -- --help\`.`);
    return 2;
  }
  if (options.values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = options.positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    console.error(
      `bench: no bench named ${unknown.join(', ')}; there are: ${BENCHES.map((bench) => bench.name).join(', ')}`,
    );
    return 2;
  }
  const json = options.values.json ?? false;
  const chosen = BENCHES.filter(
    (bench) => options.positionals.length === 0 || options.positionals.includes(bench.name),
  );
  if (!json) {
    console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`);
  }
  for (const bench of chosen) {
    if (!json) {
      console.log(`\n${bench.name}: ${bench.summary}`);
    }
    const figures = await bench.run((line) => console.error(`  ... ${line}`));
    for (const figure of figures) {
      print(figure, json);
    }
  }
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  },
);
