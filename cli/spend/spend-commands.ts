import { CLIENT_ID_PATTERN } from '../../lib/contract/client-keys';
import { DEPLOYED_CAP, SpendAction, type SpendAnswer, type SpendReport } from '../../lib/contract/spend-control';
import { parseUsd } from '../../lib/contract/usd';
import { type Arguments, need, reasonOf } from '../arguments';
import { audited } from '../audit';
import { type Command, type Invocation, type Operator, operatorOf, readTarget, report } from '../command';
import { CommandUsageError } from '../failure';
import { clientCapsOf } from './client-caps';
import { priceLines } from './price-lines';
import { askController } from './spend-controller';
import { capsLine, cutLine, spendLines, windowLines } from './spend-lines';

type Done = Extract<SpendAnswer, { kind: 'done' }>;

/** What the audit names as changed. */
const ON = 'spend';

async function status(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const clientId = clientIdOf(args);
  const operator = await operatorOf(invocation);
  const ofClient = clientId === undefined ? {} : { clientId, clientCaps: await clientCapsOf(operator, clientId) };
  const answer = await askController(operator, { action: SpendAction.STATUS, ...ofClient }, 'status');
  const { client } = answer;
  report(invocation, client ? { ...answer.report, client } : answer.report, [
    ...spendLines(answer.report),
    ...(client ? [`client     ${clientId}`, ...windowLines(client, '  ')] : []),
  ]);
}

function clientIdOf({ client }: Arguments): string | undefined {
  if (client !== undefined && !CLIENT_ID_PATTERN.test(client)) {
    throw new CommandUsageError(`\`--client\` must be 16 lower-case letters and digits, got: ${client}`);
  }
  return client;
}

async function setCaps(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const caps = capsIn(args);
  const reason = reasonOf(args);
  const operator = await operatorOf(invocation);
  const answer = await audited(operator, { what: 'spend.set', on: ON, reason }, async (by) => {
    const value = await askController(operator, { action: SpendAction.SET, ...caps, by, reason }, 'done');
    return { value, result: `${capsLine(value.report)}; before: ${capsLine(value.before)}` };
  });
  report(invocation, answer, [
    `The caps are: ${capsLine(answer.report)}.`,
    `Before: ${capsLine(answer.before)}.`,
    ...hints(answer.report),
  ]);
}

/** What follows of the caps as they are now. */
function hints({ cut, usedUp }: SpendReport): string[] {
  if (cut) return ['Spending stays cut off until `bulwark spend restore`.'];
  return usedUp === undefined ? [] : [`The cap of ${usedUp} is used up: spending is cut off within a minute.`];
}

/** @throws CommandUsageError where there are none, or both amounts and `--reset` */
function capsIn({ day, month, reset }: Arguments) {
  if (reset) {
    if (day !== undefined || month !== undefined) {
      throw new CommandUsageError('`--reset` and `--day` or `--month` exclude each other');
    }
    return { day: DEPLOYED_CAP, month: DEPLOYED_CAP } as const;
  }
  if (day === undefined && month === undefined) need(undefined, '--day, --month or --reset');
  return {
    ...(day !== undefined && { day: dollarsOf(day, '--day') }),
    ...(month !== undefined && { month: dollarsOf(month, '--month') }),
  };
}

function dollarsOf(value: string, option: string): number {
  const microUsd = parseUsd(value);
  if (!microUsd) {
    throw new CommandUsageError(
      `\`${option}\` must be US dollars such as 50 or 0.25, more than 0 and with at most 6 decimals, got: ${value}`,
    );
  }
  return microUsd;
}

async function cut(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const reason = reasonOf(args);
  const operator = await operatorOf(invocation);
  const answer = await change(operator, 'spend.cut', reason, (by) => ({ action: SpendAction.CUT, by, reason }));
  const since = answer.report.cut;
  report(invocation, answer, [
    answer.changed || !since
      ? 'Spending is cut off: no request is accepted, and no call begins, until `bulwark spend restore`.'
      : `Spending is ${cutLine(since).replace('cut off', 'cut off already,')}.`,
    ...unfinishedLines(answer),
  ]);
}

async function restore(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const reason = reasonOf(args);
  const { force } = args;
  const operator = await operatorOf(invocation);
  const said = force ? `${reason} (forced)` : reason;
  const answer = await change(operator, 'spend.restore', said, (by) => ({
    action: SpendAction.RESTORE,
    by,
    reason,
    force,
  }));
  report(invocation, answer, [
    answer.changed
      ? 'Spending goes on: requests are accepted, and the consumer resumes in steps unless the breaker is open.'
      : 'Spending is not cut off.',
    ...hints(answer.report),
    ...unfinishedLines(answer),
  ]);
}

/** Cuts off or restores, between two records of the audit. */
function change(
  operator: Operator,
  what: string,
  reason: string,
  requestOf: (by: string) => Parameters<typeof askController>[1],
): Promise<Done> {
  return audited(operator, { what, on: ON, reason }, async (by) => {
    const value = await askController(operator, requestOf(by), 'done');
    return { value, result: resultOf(value) };
  });
}

function resultOf({ changed, unfinished, report: now }: Done): string {
  const state = now.cut ? 'cut off' : 'goes on';
  const done = changed ? state : `was so already: ${state}`;
  return unfinished.length > 0 ? `${done}; not yet: ${unfinished.join(', ')}` : done;
}

const unfinishedLines = ({ unfinished }: Done): string[] =>
  unfinished.length > 0 ? [`Not yet, and tried again every minute: ${unfinished.join(', ')}.`] : [];

async function prices(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const { model } = args;
  const operator = await operatorOf(invocation);
  const request = { action: SpendAction.PRICES, ...(model !== undefined && { model: need(model, '--model') }) };
  const { at, models } = await askController(operator, request, 'prices');
  report(invocation, { at, models }, priceLines(at, models));
}

export const spendCommands: Readonly<Record<string, Command>> = {
  'spend status': { options: ['client'], run: status },
  'spend set': { options: ['day', 'month', 'reset', 'reason'], run: setCaps },
  'spend cut': { options: ['reason'], run: cut },
  'spend restore': { options: ['reason', 'force'], run: restore },
  'spend prices': { options: ['model'], run: prices },
};
