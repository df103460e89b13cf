import { LOCAL_HELP, type LocalOptions, parseLocalArguments } from './arguments';
import { describeAddresses, describeOutcome, runDemo } from './demo';
import { closedGaps, type GapReport } from './emulator-gaps/all-gaps';
import { describeFailure, LocalFailure } from './failure';
import { abortOnSignals, causeOf, Interrupted, untilAborted } from './interruption';
import { createProgress, type Progress } from './progress';
import { type LocalStack, startLocalStack } from './stack';

async function main(args: readonly string[]): Promise<number> {
  const options = parseLocalArguments(args);
  if (options.help) {
    console.log(LOCAL_HELP);
    return 0;
  }
  const interruption = new AbortController();
  abortOnSignals(interruption);
  process.once('uncaughtException', (error) => interruption.abort(error));
  process.once('unhandledRejection', (error) => interruption.abort(error));
  const progress = createProgress({
    write: options.json ? console.error : console.log,
    writeResult: console.log,
  });
  const stack = await startLocalStack({ progress, interruption, ...options });
  try {
    if (options.checkGaps) return reportGaps(stack.gaps, progress);
    return await demonstrate(stack, options, progress, interruption.signal);
  } catch (error) {
    throw await causeOf(error, interruption.signal);
  } finally {
    await stack.stop();
  }
}

async function demonstrate(stack: LocalStack, options: LocalOptions, progress: Progress, signal: AbortSignal) {
  const { addresses } = stack;
  const outcome = await runDemo(addresses, progress, signal);
  const report = options.json ? [JSON.stringify({ ...outcome, gaps: stack.gaps })] : describeOutcome(outcome);
  for (const line of report) progress.result(line);
  if (options.once) {
    if (!outcome.asExpected) throw new LocalFailure('local: not every job ended as it should');
    return 0;
  }
  const jobId = outcome.jobs[0]?.id ?? '';
  for (const line of describeAddresses(addresses, jobId)) progress.result(line);
  progress.step('Up. Ctrl-C ends it');
  const reason = await untilAborted(signal);
  if (!(reason instanceof Interrupted)) throw reason;
  progress.step('Ending');
  return 0;
}

function reportGaps(gaps: readonly GapReport[], progress: Progress): number {
  for (const { name, reason, concerned, filled } of gaps) {
    progress.result(`${name}: ${filled} of ${concerned} resources filled here. ${reason}`);
  }
  const closed = closedGaps(gaps);
  if (closed.length === 0) return 0;
  const names = closed.map(({ name }) => name).join(', ');
  throw new LocalFailure(
    `local: the emulator does this by itself now, so delete it from local/emulator-gaps: ${names}`,
  );
}

/** By convention, 128 and the number of the signal. */
const SIGNAL_CODES: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { code, text } = describeFailure(error);
    console.error(error instanceof Interrupted ? error.message : text);
    process.exit(error instanceof Interrupted ? (SIGNAL_CODES[error.signalName] ?? 1) : code);
  },
);
