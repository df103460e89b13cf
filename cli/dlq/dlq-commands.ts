import { integerOf, jobIdOf, reasonOf } from '../arguments';
import { audited } from '../audit';
import { type Command, type Invocation, type Operator, operatorOf, readTarget, report } from '../command';
import { CommandRefusal, CommandUsageError } from '../failure';
import { DEAD_LETTER_GATES, passGates } from '../gates';
import { Progress } from '../progress';
import type { DeadLetter } from './dead-letter';
import { DeadLetterQueue } from './dead-letter-queue';
import { type LetterFilter, letterFilter } from './letter-filter';
import { letterLines, letterTable, letterView, peekView } from './letter-view';
import { MAX_MOVE_RATE, redriveByMoveTask } from './move-task';
import { type RedriveRequest, type RedriveResult, redriveMessages, rehearseRedrive } from './redrive';
import { walk } from './walk';

/** Messages a second unless told otherwise: slow enough to look at what becomes of the first ones. */
const DEFAULT_RATE = 10;
const DEFAULT_LIST = 100;
const MOST = 1_000_000;

async function list(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const filter = letterFilter(args.where);
  const max = integerOf(args.max, '--max', 1, MOST, DEFAULT_LIST);
  const operator = await operatorOf(invocation);
  const queue = new DeadLetterQueue(operator);
  const depth = await queue.depth();
  const letters = await find(queue, invocation, filter, max);
  const views = letters.map((letter) => letterView(letter, operator.now()));
  const inQueue = depth.waiting + depth.inFlight + depth.delayed;
  report(invocation, { queue: queue.name, inQueue, letters: views }, [
    ...letterTable(views),
    `${views.length} listed; ${queue.name} holds about ${inQueue}.`,
  ]);
}

async function peek(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  if (args.job !== undefined && args.where) throw new CommandUsageError('`--job` and `--where` exclude each other');
  const filter = letterFilter(args.job === undefined ? args.where : [`job=${jobIdOf(args)}`]);
  const max = integerOf(args.max, '--max', 1, 100, 1);
  const operator = await operatorOf(invocation);
  const letters = await find(new DeadLetterQueue(operator), invocation, filter, max);
  if (letters.length === 0) throw new CommandRefusal('there is no such dead letter');
  const views = letters.map((letter) => peekView(letter, operator.now()));
  report(invocation, views, views.flatMap(letterLines));
}

/** The first `max` letters that the filter lets through; they stay where they are. */
async function find(
  queue: DeadLetterQueue,
  { output, now, signal }: Invocation,
  filter: LetterFilter = () => true,
  max: number,
): Promise<DeadLetter[]> {
  const progress = new Progress(output, now);
  const found: DeadLetter[] = [];
  await walk(queue, signal, async (letters) => {
    found.push(...letters.filter(filter).slice(0, max - found.length));
    progress.tell(`found ${found.length}`);
    return { kept: letters, goOn: found.length < max };
  });
  return found;
}

async function redrive(invocation: Invocation): Promise<void> {
  const { args, output, now } = invocation;
  readTarget(args);
  const isRehearsal = args['dry-run'];
  const request: RedriveRequest = {
    rate: rateOf(args.rate),
    max: integerOf(args.max, '--max', 1, MOST, undefined),
    filter: letterFilter(args.where),
    gates: args.force ? [] : DEAD_LETTER_GATES,
  };
  const reason = isRehearsal ? '' : reasonOf(args);
  const operator = await operatorOf(invocation);
  const queue = new DeadLetterQueue(operator);
  const progress = new Progress(output, now);
  if (isRehearsal) {
    const rehearsal = await rehearseRedrive(queue, operator, request, progress);
    report(invocation, { ...rehearsal, dryRun: true }, [`Would move ${countsOf(rehearsal)}. Nothing was moved.`]);
    return;
  }
  const act = { what: 'dlq.redrive', on: queue.name, reason: args.force ? `${reason} (forced)` : reason };
  const result = await audited(operator, act, async () => {
    await passGates(operator, request.gates);
    const value = await move(queue, operator, request, progress);
    return { value, result: `moved ${value.moved}` };
  });
  report(invocation, { ...result, dryRun: false }, [`Moved ${countsOf(result)} to the work queue.`]);
}

/** All of a queue is SQS's own work where it can; what has to be looked at is this command's. */
async function move(queue: DeadLetterQueue, operator: Operator, request: RedriveRequest, progress: Progress) {
  const isWhole = request.filter === undefined && request.max === undefined;
  const byTask = isWhole ? await redriveByMoveTask(queue, operator, request, progress) : undefined;
  return byTask ?? redriveMessages(queue, operator, request, progress);
}

function countsOf({ moved, byReason }: RedriveResult): string {
  const parts = Object.entries(byReason).map(([reason, count]) => `${reason} ${count}`);
  return `${moved} ${moved === 1 ? 'message' : 'messages'}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

function rateOf(rate: string | undefined): number {
  return integerOf(rate?.replace(/\/s$/, ''), '--rate', 1, MAX_MOVE_RATE, DEFAULT_RATE);
}

async function purge(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const reason = reasonOf(args);
  const operator = await operatorOf(invocation);
  const queue = new DeadLetterQueue(operator);
  await confirm(queue, invocation);
  const act = { what: 'dlq.purge', on: queue.name, reason: args.force ? `${reason} (forced)` : reason };
  const purged = await audited(operator, act, async () => {
    if (!args.force) await passGates(operator, DEAD_LETTER_GATES);
    const { waiting, inFlight, delayed } = await queue.depth();
    const value = waiting + inFlight + delayed;
    await queue.purge().catch((error: Error) => {
      if (!/PurgeQueueInProgress/.test(error.name)) throw error;
      throw new CommandRefusal(`${queue.name} was purged less than a minute ago; try again in a minute`);
    });
    return { value, result: `purged about ${value}` };
  });
  report(invocation, { queue: queue.name, purged }, [
    `Purged about ${purged} messages from ${queue.name}. Their jobs stay as they are: \`bulwark jobs retry\` runs one again.`,
  ]);
}

/** @throws CommandRefusal unless the person names the queue */
async function confirm(queue: DeadLetterQueue, { args, output }: Invocation): Promise<void> {
  if (args.confirm === undefined && !output.ask) {
    throw new CommandRefusal(`to purge ${queue.name}, say --confirm ${queue.name}`);
  }
  const question = `This deletes every message of ${queue.name} for good. Type its name to go on: `;
  const name = args.confirm ?? (await output.ask?.(question))?.trim();
  if (name !== queue.name) throw new CommandRefusal(`that is not the name of the queue: nothing was purged`);
}

export const dlqCommands: Readonly<Record<string, Command>> = {
  'dlq list': { options: ['where', 'max'], run: list },
  'dlq peek': { options: ['job', 'where', 'max'], run: peek },
  'dlq redrive': { options: ['reason', 'rate', 'max', 'where', 'dry-run', 'force'], run: redrive },
  'dlq purge': { options: ['reason', 'confirm', 'force'], run: purge },
};
