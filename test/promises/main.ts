import { parseArgs } from 'node:util';
import { describeFailure, UsageError } from '../../local/failure';
import { abortOnSignals, causeOf, Interrupted } from '../../local/interruption';
import { createProgress } from '../../local/progress';
import { startLocalStack } from '../../local/stack';
import { ALL_DRILLS } from './all-drills';
import { type PromiseDrill, type PromiseResult, runDrill } from './promise';

const HELP = `Runs the drills of the promises and prints one table.

  npm run promises -- [P1 ...] [--full] [--simulated] [--json]

  P1 ...     only these promises (default: every one that has a drill)
  --full     the long form of each drill
  --simulated  only the parts in virtual time, without a local stack
  --json     one JSON line a promise on stdout, progress on stderr
  --help     print this

Exit codes: 0 every promise holds, 1 one does not, 2 wrong usage.

${ALL_DRILLS.map(({ promise, title }) => `  ${promise}  ${title}`).join('\n')}`;

interface PromisesOptions {
  readonly drills: readonly PromiseDrill[];
  readonly full: boolean;
  readonly simulated: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

const OPTIONS = {
  full: { type: 'boolean', default: false },
  simulated: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const options = parsePromisesArguments(args);
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const interruption = new AbortController();
  abortOnSignals(interruption);
  const progress = createProgress({ write: options.json ? console.error : console.log });
  const { signal } = interruption;
  const needsStack = !options.simulated && options.drills.some(({ onStack }) => onStack);
  const stack = needsStack ? await startLocalStack({ instance: 'promises', progress, interruption }) : undefined;
  const results: PromiseResult[] = [];
  try {
    for (const drill of options.drills) {
      const tell = (text: string) => progress.step(`${drill.promise}: ${text}`);
      results.push(await runDrill(drill, { addresses: stack?.addresses, full: options.full, tell, signal }));
      if (options.json) console.log(JSON.stringify(results.at(-1)));
    }
  } catch (error) {
    throw await causeOf(error, signal);
  } finally {
    await stack?.stop();
  }
  if (!options.json) for (const line of tableOf(results)) console.log(line);
  return results.every(({ holds }) => holds) ? 0 : 1;
}

/** @throws UsageError in one line, for an unknown option or promise. */
function parsePromisesArguments(args: readonly string[]): PromisesOptions {
  const { values, positionals } = parseStrictly(args);
  const unknown = positionals.find((name) => !ALL_DRILLS.some(({ promise }) => promise === name));
  if (unknown !== undefined) {
    const known = ALL_DRILLS.map(({ promise }) => promise).join(', ');
    throw new UsageError(`promises: there is no drill for ${unknown}; there is one for: ${known}`);
  }
  const drills = ALL_DRILLS.filter(({ promise }) => positionals.length === 0 || positionals.includes(promise));
  return { drills, ...values };
}

function parseStrictly(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`promises: ${(error as Error).message.split(/\. |\n/)[0]} (--help lists the options)`);
  }
}

function tableOf(results: readonly PromiseResult[]): string[] {
  return results.flatMap(({ promise, measured, goal, holds, seconds }) => [
    `${promise}  ${holds ? 'holds' : 'DOES NOT HOLD'}  ${seconds} s  ${goal}`,
    ...Object.entries(measured).map(([name, value]) => `    ${name.padEnd(28)} ${value}`),
  ]);
}

/** By convention, 128 and the number of SIGINT: neither "holds" nor "does not". */
const INTERRUPTED_CODE = 130;

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof Interrupted) {
      console.error(error.message);
      process.exit(INTERRUPTED_CODE);
    }
    const { code, text } = describeFailure(error);
    console.error(text);
    process.exit(code);
  },
);
