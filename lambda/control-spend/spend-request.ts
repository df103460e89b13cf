import { CLIENT_ID_PATTERN } from '../../lib/contract/client-keys';
import { UNCAPPED } from '../../lib/contract/ledger';
import {
  type ClientSpendCaps,
  DEPLOYED_CAP,
  type SetRequest,
  SpendAction,
  type SpendRequest,
} from '../../lib/contract/spend-control';

/** Thrown where an invocation asks for nothing that there is; the message says what is wrong, and repeats no value. */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError';
}

/** Most characters of a name or a reason. */
const MAX_TEXT_LENGTH = 2_048;

type Fields = Readonly<Record<string, unknown>>;

/** The fields that each action may have. */
const FIELDS: Readonly<Record<SpendRequest['action'], readonly string[]>> = {
  [SpendAction.RUN]: [],
  [SpendAction.STATUS]: ['clientId', 'clientCaps'],
  [SpendAction.SET]: ['by', 'reason', 'day', 'month'],
  [SpendAction.CUT]: ['by', 'reason'],
  [SpendAction.RESTORE]: ['by', 'reason', 'force'],
  [SpendAction.PRICES]: ['model'],
};

/** @throws MalformedRequestError */
export const parseSpendRequest = (event: unknown): SpendRequest => {
  const { action, ...fields } = objectOf(event, 'the request');
  if (typeof action !== 'string' || !Object.hasOwn(FIELDS, action)) {
    refuse(`\`action\` must be one of ${Object.keys(FIELDS).join(', ')}`);
  }
  const known = action as SpendRequest['action'];
  const unknown = Object.keys(fields).filter((name) => !FIELDS[known].includes(name));
  if (unknown.length > 0) refuse(`\`${known}\` takes no other fields than ${FIELDS[known].join(', ') || 'none'}`);
  switch (known) {
    case SpendAction.RUN:
      return { action: known };
    case SpendAction.STATUS:
      return { action: known, ...clientOf(fields) };
    case SpendAction.SET:
      return { action: known, ...orderOf(fields), ...capsOf(fields) };
    case SpendAction.CUT:
      return { action: known, ...orderOf(fields) };
    case SpendAction.RESTORE:
      return { action: known, ...orderOf(fields), force: flagOf(fields.force) };
    case SpendAction.PRICES:
      return { action: known, ...(fields.model !== undefined && { model: textOf(fields.model, 'model') }) };
  }
};

const refuse = (problem: string): never => {
  throw new MalformedRequestError(problem);
};

const objectOf = (value: unknown, what: string): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : refuse(`${what} must be an object`);

const textOf = (value: unknown, name: string): string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TEXT_LENGTH && !/\p{Cc}/u.test(value)
    ? value
    : refuse(`\`${name}\` must be one line of 1 to ${MAX_TEXT_LENGTH} characters`);

const orderOf = ({ by, reason }: Fields) => ({ by: textOf(by, 'by'), reason: textOf(reason, 'reason') });

const flagOf = (value: unknown): boolean =>
  value === undefined || typeof value === 'boolean' ? value === true : refuse('`force` must be true or false');

const amountOf = (value: unknown, name: string, least: number): number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= UNCAPPED
    ? (value as number)
    : refuse(`\`${name}\` must be an integer from ${least} to ${UNCAPPED}`);

const capsOf = ({ day, month }: Fields): Pick<SetRequest, 'day' | 'month'> => {
  if (day === undefined && month === undefined) refuse('`set` needs `day`, `month` or both');
  // A cap of nothing would be used up at once: to stop all spending there is `cut`.
  const capOf = (value: unknown, name: string) => (value === DEPLOYED_CAP ? value : amountOf(value, name, 1));
  return {
    ...(day !== undefined && { day: capOf(day, 'day') }),
    ...(month !== undefined && { month: capOf(month, 'month') }),
  };
};

const clientOf = ({ clientId, clientCaps }: Fields) => {
  if (clientId === undefined) return clientCaps === undefined ? {} : refuse('`clientCaps` needs `clientId`');
  if (typeof clientId !== 'string' || !CLIENT_ID_PATTERN.test(clientId)) {
    refuse('`clientId` must be 16 lower-case letters and digits');
  }
  return { clientId: clientId as string, ...(clientCaps !== undefined && { clientCaps: clientCapsOf(clientCaps) }) };
};

const clientCapsOf = (value: unknown): ClientSpendCaps => {
  const { perDay, perMonth } = objectOf(value, '`clientCaps`');
  return {
    ...(perDay !== undefined && { perDay: amountOf(perDay, 'clientCaps.perDay', 0) }),
    ...(perMonth !== undefined && { perMonth: amountOf(perMonth, 'clientCaps.perMonth', 0) }),
  };
};
