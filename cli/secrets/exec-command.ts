import { basename } from 'node:path';
import { RotationStrategyName } from '../../lib/contract/rotation';
import { spanOf } from '../arguments';
import { type Command, type Invocation, type Operator, operatorOf, readTarget } from '../command';
import { CommandFailure, CommandRefusal, CommandUsageError, ProgramEnded } from '../failure';
import { exchangedToken } from './exchanged-token';
import { secretOf } from './managed-secret';
import { withMintedKey } from './minted-key';
import { environmentWith, type UseCredential } from './program-credential';
import { rotationSettingsOf } from './rotation-settings';
import { storedKey } from './stored-key';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Environments whose keys never leave AWS. */
const KEPT_IN_AWS: readonly string[] = ['staging', 'prod'];

/** Programs whose purpose is to print their environment. */
const PRINTERS: readonly string[] = ['printenv', 'set', 'export', 'declare'];

const MINUTE_MS = 60_000;

/** Milliseconds that a key lives which is made for a program: a working day at most. */
const LIFETIME_MS = { least: MINUTE_MS, most: 12 * 60 * MINUTE_MS, default: 60 * MINUTE_MS } as const;

/** `env` alone prints, and with a program at its end runs it. */
const prints = ([file = '', ...args]: readonly string[]): boolean =>
  PRINTERS.includes(basename(file)) ||
  (basename(file) === 'env' && args.every((arg) => arg.startsWith('-') || arg.includes('=')));

/**
 * Runs a program with a credential of the upstream in its environment and nowhere else: neither printed nor written. It
 * is as short-lived as the provider can make it, and how long it lives is said on standard error.
 */
async function exec(invocation: Invocation): Promise<void> {
  const { args, program } = invocation;
  const { environment } = readTarget(args);
  if (args.as !== undefined && !VARIABLE.test(args.as)) {
    throw new CommandUsageError('`--as` must be the name of an environment variable');
  }
  const lifetimeMs = lifetimeOf(args.ttl);
  const [file, ...rest] = program;
  if (file === undefined) {
    throw new CommandUsageError('a program is needed after `--`, as in `secrets exec --env dev -- npm run dev`');
  }
  if (KEPT_IN_AWS.includes(environment)) {
    throw new CommandRefusal(`the keys of ${environment} are not for a process outside AWS: use dev or local`);
  }
  if (prints(program))
    throw new CommandRefusal(`\`${basename(file)}\` would print the key: name the program that needs it`);
  const warn = (line: string) => invocation.output.printError(`bulwark: ${line}`);
  const operator = await operatorOf(invocation);
  const code = await lend({ operator, lifetimeMs, purpose: `for ${basename(file)}`, warn }, async (credential) => {
    const { env, variable, removed } = environmentWith(credential, args.as, process.env);
    warn(`${credential.isShortLived ? '' : 'warning: '}${variable} has ${credential.description}`);
    for (const name of removed) warn(`${name}, which was set already, is not in the environment of the program`);
    if (invocation.signal.aborted) throw new CommandFailure('interrupted: the program was not run');
    return invocation.runProgram({ file, args: rest, env });
  });
  if (code !== 0) throw new ProgramEnded(code);
}

function lifetimeOf(ttl: string | undefined): number | undefined {
  if (ttl === undefined) return undefined;
  const lifetimeMs = spanOf(ttl, '--ttl');
  if (lifetimeMs < LIFETIME_MS.least || lifetimeMs > LIFETIME_MS.most) {
    throw new CommandUsageError(`\`--ttl\` must be from 1m to 12h, got: ${ttl}`);
  }
  return lifetimeMs;
}

/** Who wants a credential, and for how long. */
interface Wish {
  readonly operator: Operator;
  /** Milliseconds; undefined where nobody said. */
  readonly lifetimeMs?: number;
  /** What for, without a secret: it is kept in the audit. */
  readonly purpose: string;
  readonly warn: (line: string) => void;
}

/** A token for the person's own identity; else a key that is made for the program; else the key that is stored. */
async function lend({ operator, lifetimeMs, ...wish }: Wish, use: UseCredential): Promise<number> {
  const { deployment } = operator;
  if (deployment.developerFederation) {
    refuseLifetime(lifetimeMs, 'the federation at the provider says how long a token lives');
    return use(await exchangedToken(operator));
  }
  if (!deployment.upstreamSecret) {
    throw new CommandRefusal(
      `${deployment.environment} stores no key, and does not say how to get a token: deploy this version first`,
    );
  }
  const secret = secretOf(deployment, 'upstream');
  const rotation = await rotationSettingsOf(operator, secret);
  if (rotation?.strategy.name === RotationStrategyName.OPEN_AI_ADMIN) {
    const { settings } = rotation.strategy;
    return withMintedKey(operator, { ...wish, settings, lifetimeMs: lifetimeMs ?? LIFETIME_MS.default }, use);
  }
  refuseLifetime(lifetimeMs, `${deployment.environment} has a stored key, and its provider makes none by API`);
  return use(await storedKey(operator, secret, rotation));
}

/** An option that changes nothing would promise what is not so. */
function refuseLifetime(lifetimeMs: number | undefined, reason: string): void {
  if (lifetimeMs !== undefined) throw new CommandRefusal(`\`--ttl\` cannot be kept here: ${reason}; leave it away`);
}

export const execCommand: Command = { options: ['as', 'ttl'], takesProgram: true, run: exec };
