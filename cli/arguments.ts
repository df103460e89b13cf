import { parseArgs } from 'node:util';
import { JOB_ID_PATTERN } from '../lib/contract/job-ids';
import { type AwsAccess, isEmulated } from './deployment';
import { CommandUsageError } from './failure';

const OPTIONS = {
  env: { type: 'string' },
  region: { type: 'string' },
  endpoint: { type: 'string' },
  name: { type: 'string' },
  client: { type: 'string' },
  plan: { type: 'string' },
  status: { type: 'string' },
  overlap: { type: 'string' },
  end: { type: 'string' },
  'shared-usage-key': { type: 'boolean', default: false },
  job: { type: 'string' },
  reason: { type: 'string' },
  rate: { type: 'string' },
  max: { type: 'string' },
  where: { type: 'string', multiple: true },
  confirm: { type: 'string' },
  'api-url': { type: 'string' },
  secret: { type: 'string' },
  'all-older-than': { type: 'string' },
  key: { type: 'string' },
  as: { type: 'string' },
  ttl: { type: 'string' },
  day: { type: 'string' },
  month: { type: 'string' },
  model: { type: 'string' },
  reset: { type: 'boolean', default: false },
  now: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export type OptionName = keyof typeof OPTIONS;

/** Options that every command takes. */
const COMMON: readonly OptionName[] = ['env', 'region', 'endpoint', 'json', 'help'];

/** The command line of one command: its words and its options. */
export type Arguments = ReturnType<typeof parseCommandLine>['values'];

/** @throws CommandUsageError for an option that no command has, or one without its value. */
export function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new CommandUsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

/** @throws CommandUsageError where an option was given that this command would ignore. */
export function refuseOthers(args: Arguments, command: string, own: readonly OptionName[]): void {
  for (const option of Object.keys(OPTIONS) as OptionName[]) {
    const isGiven = args[option] !== undefined && args[option] !== false;
    if (isGiven && !COMMON.includes(option) && !own.includes(option)) {
      throw new CommandUsageError(`\`--${option}\` is no option of \`${command}\``);
    }
  }
}

/** @throws CommandUsageError where the option is missing or blank. */
export function need(value: string | undefined, option: string): string {
  if (value === undefined || value.trim() === '') throw new CommandUsageError(`\`${option}\` is needed`);
  return value;
}

/** The local environment's Region, and credentials that its emulator takes as well as any. */
const LOCAL_ACCESS = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** Where to find AWS, or the local environment's emulator. @throws CommandUsageError where `--endpoint` is no address. */
export function accessOf({ env, region, endpoint }: Arguments): AwsAccess {
  if (endpoint !== undefined) checkAddress('--endpoint', endpoint);
  const isLocal = env === 'local' && endpoint !== undefined && isEmulated({ endpoint });
  return { ...(isLocal && LOCAL_ACCESS), ...(region && { region }), ...(endpoint && { endpoint }) };
}

/** @throws CommandUsageError where the value is no http(s) address. */
export function checkAddress(option: string, value: string): string {
  if (!/^https?:$/.test(URL.parse(value)?.protocol ?? '')) {
    throw new CommandUsageError(`\`${option}\` must be an address, got: ${value}`);
  }
  return value.replace(/\/+$/, '');
}

/** Why something is changed, for the audit: 1 to 256 characters on one line. */
export function reasonOf({ reason }: Arguments): string {
  const given = need(reason, '--reason').trim();
  if (given.length > 256) {
    throw new CommandUsageError(`\`--reason\` must be at most 256 characters, got: ${given.length}`);
  }
  if (/\p{Cc}/u.test(given)) throw new CommandUsageError('`--reason` must be one line without control characters');
  return given;
}

/** A whole number in [`least`, `most`], or the fallback where the option was not given. */
export function integerOf<T>(value: string | undefined, option: string, least: number, most: number, fallback: T) {
  if (value === undefined) return fallback;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw new CommandUsageError(`\`${option}\` must be a whole number from ${least} to ${most}, got: ${value}`);
  }
  return number;
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

/** A span of time in milliseconds, given as `30d`, `12h` or `90m`. */
export function spanOf(value: string, option: string): number {
  const [, count, unit = ''] = /^(\d{1,4})([dhm])$/.exec(value) ?? [];
  const span = Number(count) * (UNITS[unit] ?? 0);
  if (!(span > 0)) throw new CommandUsageError(`\`${option}\` must be like 30d, 12h or 90m, got: ${value}`);
  return span;
}

/** @throws CommandUsageError where `--job` is missing or no job's id. */
export function jobIdOf({ job }: Arguments): string {
  const id = need(job, '--job');
  if (!JOB_ID_PATTERN.test(id)) {
    throw new CommandUsageError(`\`--job\` must be like job_ and 32 hexadecimal digits, got: ${id}`);
  }
  return id;
}
