import { parseJsonText } from '../lambda/runtime/input/json-text';
import { labelsOf, type Submission } from '../lambda/runtime/jobs/submission';
import { MAX_BODY_DEPTH, MAX_BODY_ITEMS, MAX_BODY_PROPERTIES } from '../lib/contract/limits';
import { type Bench, type Figure, median, round } from './figure';
import { HOSTILE_TEXTS } from './hostile-texts';

const MEGABYTE = 1_000_000;
const ROUNDS = 5;

/** CPU milliseconds of one sample: the kernel counts them in steps of a few. */
const SAMPLE_MS = 40;
const BOUNDS = { maxDepth: MAX_BODY_DEPTH, maxProperties: MAX_BODY_PROPERTIES, maxItems: MAX_BODY_ITEMS };

/** Twice, and a tenth for the caches that more text goes beyond. */
const DOUBLING_GOAL = 2.2;
const WORST_GOAL_MS = 100;

type Validate = (body: unknown) => boolean;

interface Times {
  readonly family: string;
  /** Milliseconds of a body of 1 MB. */
  readonly ours: number;
  readonly ajvAlone: number;
  /** Times as long for twice the text. */
  readonly growth: number;
}

/** What the handler does with a body from its text to its labels. */
const check = (text: string, validate: Validate): void => {
  try {
    const body = parseJsonText(text, BOUNDS);
    if (validate(body)) labelsOf(body as Submission);
  } catch {
    // Refused, as most of these are.
  }
};

/** What it would be without the other checks: the platform's parser and the compiled schema. */
const checkByAjvAlone = (text: string, validate: Validate): void => {
  try {
    validate(JSON.parse(text));
  } catch {
    // No JSON.
  }
};

/** Milliseconds of this thread's own work for one run: what else the machine does is not in it. */
const timeOf = (work: () => void): number => {
  const before = process.threadCpuUsage();
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  let runs = 0;
  while (cpuMs() < SAMPLE_MS) {
    for (let more = Math.max(1, runs); more > 0; more -= 1) work();
    runs += Math.max(1, runs);
  }
  return cpuMs() / runs;
};

/** Below this a ratio is one of noise: the text was given up at its beginning. */
const LEAST_MS = 0.05;

function timesOf(family: string, make: (size: number) => string, validate: Validate): Times {
  const [text, longer] = [make(MEGABYTE), make(4 * MEGABYTE)];
  const samples = { ours: [] as number[], growth: [] as number[], ajvAlone: [] as number[] };
  for (let number = 0; number < ROUNDS; number += 1) {
    const ours = timeOf(() => check(text, validate));
    samples.ours.push(ours);
    // Four times the text is two doublings; each pair is measured side by side.
    samples.growth.push(Math.sqrt(timeOf(() => check(longer, validate)) / ours));
    samples.ajvAlone.push(timeOf(() => checkByAjvAlone(text, validate)));
  }
  const ours = median(samples.ours);
  return {
    family,
    ours,
    ajvAlone: median(samples.ajvAlone),
    growth: ours < LEAST_MS ? 0 : median(samples.growth),
  };
}

function figuresOf(times: readonly Times[]): Figure[] {
  const figure = (subject: string, value: number, unit: string, goal?: number): Figure => ({
    bench: 'validation',
    subject,
    figure: round(value, 2),
    unit,
    goal: goal === undefined ? null : `<= ${goal}`,
    meets: goal === undefined ? null : round(value, 2) <= goal,
  });
  const largest = (key: 'ours' | 'growth') => times.reduce((a, b) => (a[key] >= b[key] ? a : b));
  const [slowest, steepest] = [largest('ours'), largest('growth')];
  const prose = times.find(({ family }) => family === 'prose');
  return [
    figure(`worst of 1 MB: ${slowest.family}`, slowest.ours, 'ms', WORST_GOAL_MS),
    figure(`twice the text: ${steepest.family}`, steepest.growth, 'x the time', DOUBLING_GOAL),
    ...(prose ? [figure('1 MB of prose, to ajv alone', prose.ours / prose.ajvAlone, 'x its time')] : []),
    ...times.flatMap(({ family, ours, ajvAlone }) => [
      figure(family, ours, 'ms'),
      figure(`${family}, ajv alone`, ajvAlone, 'ms'),
    ]),
  ];
}

/** What the checks of a body of 1 MB cost at worst, over families of hostile texts, and that twice the text is twice the cost. */
export const validationBench: Bench = {
  name: 'validation',
  summary: 'ms for a hostile body of 1 MB: parse, schema and labels, beside JSON.parse and ajv alone',
  async run(report) {
    const { validateSubmission } = await import('../lambda/generated/validate-submission.mjs');
    const families = Object.entries(HOSTILE_TEXTS);
    report(`${families.length} families of texts of 1 and 4 MB, the median of ${ROUNDS} rounds, in CPU time`);
    for (const [, make] of families) check(make(50_000), validateSubmission);
    return figuresOf(families.map(([family, make]) => timesOf(family, make, validateSubmission)));
  },
};
