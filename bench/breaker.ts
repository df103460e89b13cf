import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { CandidateName } from './breaker-candidates';
import { type Bench, type Figure, interleave, median, round, spread } from './figure';

const ROUNDS = 9;

const NAMES = [
  'bare',
  'bulwark',
  'bulwark with slow calls counted',
  'bulwark with a shared state',
  'cockatiel',
  'opossum',
  'bulwark open',
  'cockatiel open',
  'opossum open',
  'bulwark composed',
  'cockatiel composed',
] as const satisfies readonly CandidateName[];

type Samples = Record<CandidateName, readonly number[]>;

/** A comparison with a peer; `bare` is taken off both sides where the cost that is added counts. */
interface Comparison {
  readonly subject: string;
  readonly ours: CandidateName;
  readonly peer: CandidateName;
  readonly added: boolean;
  /** Undefined where the figure is stated without a goal. */
  readonly goal?: number;
}

const COMPARISONS: readonly Comparison[] = [
  { subject: 'closed: ours / cockatiel Consecutive', ours: 'bulwark', peer: 'cockatiel', added: true, goal: 1 / 2 },
  { subject: 'closed: ours / opossum defaults', ours: 'bulwark', peer: 'opossum', added: true, goal: 1 / 10 },
  {
    subject: 'closed, slow calls counted: / cockatiel',
    ours: 'bulwark with slow calls counted',
    peer: 'cockatiel',
    added: true,
  },
  { subject: 'closed, shared state: / cockatiel', ours: 'bulwark with a shared state', peer: 'cockatiel', added: true },
  { subject: 'open: ours / cockatiel', ours: 'bulwark open', peer: 'cockatiel open', added: false, goal: 1 / 5 },
  { subject: 'open: ours / opossum', ours: 'bulwark open', peer: 'opossum open', added: false, goal: 1 / 5 },
  {
    subject: 'composed: ours / cockatiel.wrap',
    ours: 'bulwark composed',
    peer: 'cockatiel composed',
    added: true,
    goal: 1 / 6,
  },
];

function comparisonFigure({ subject, ours, peer, added, goal }: Comparison, samples: Samples): Figure {
  const costs = (name: CandidateName) =>
    samples[name].map((sample, index) => sample - (added ? (samples.bare[index] ?? Number.NaN) : 0));
  const peers = costs(peer);
  const ratios = costs(ours).map((cost, index) => cost / (peers[index] ?? Number.NaN));
  const figure = round(median(ratios), 3);
  return {
    bench: 'breaker',
    subject,
    figure,
    unit: added ? 'x its added cost' : 'x its cost',
    spread: spread(ratios),
    goal: goal === undefined ? null : `<= ${round(goal, 3)}`,
    meets: goal === undefined ? null : figure <= goal,
  };
}

const costFigure = (name: CandidateName, samples: readonly number[]): Figure => ({
  bench: 'breaker',
  subject: name,
  figure: round(median(samples), 0),
  unit: 'ns a call',
  spread: spread(samples),
  goal: null,
  meets: null,
});

/** What a breaker adds to a call that succeeds, what refusing costs, and all policies in one, beside the peers. */
export const breakerBench: Bench = {
  name: 'breaker',
  summary: 'cost of a call through breaker, retry and timeout, as ratios to cockatiel 4 and opossum 10',
  async run(report) {
    // Inside the checkout, so that the peers are found.
    const folder = await mkdtemp(path.resolve('.bench-'));
    try {
      const program = path.join(folder, 'candidates.mjs');
      const entryPoints = [path.resolve('bench/breaker-candidates.ts')];
      await build({
        entryPoints,
        outfile: program,
        bundle: true,
        format: 'esm',
        platform: 'node',
        packages: 'external',
      });
      const measureOnce = async (name: CandidateName): Promise<number> => {
        const script = `const { measure } = await import(${JSON.stringify(program)});console.log(await measure(${JSON.stringify(name)}));process.exit(0);`;
        const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
        const nanoseconds = Number(stdout);
        if (!(nanoseconds > 0)) throw new Error(`measuring ${name} printed ${stdout.trim()}`);
        return nanoseconds;
      };
      report(`${ROUNDS} fresh processes for each of ${NAMES.length} candidates, interleaved`);
      const candidates = Object.fromEntries(NAMES.map((name) => [name, () => measureOnce(name)]));
      const samples = (await interleave(candidates, ROUNDS)) as Samples;
      return [
        ...COMPARISONS.map((comparison) => comparisonFigure(comparison, samples)),
        ...NAMES.map((name) => costFigure(name, samples[name])),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
