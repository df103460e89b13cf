import { basename } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { UPSTREAM_SECRET_FIELD } from '../../lib/contract/upstream-secret';
import { type Command, type Invocation, type Operator, operatorOf, readTarget } from '../command';
import { CommandFailure, CommandRefusal, CommandUsageError, ProgramEnded } from '../failure';
import { secretOf } from './managed-secret';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Environments whose keys never leave AWS. */
const KEPT_IN_AWS: readonly string[] = ['staging', 'prod'];

/** Programs whose purpose is to print their environment. */
const PRINTERS: readonly string[] = ['printenv', 'set', 'export', 'declare'];

/** `env` alone prints, and with a program at its end runs it. */
const prints = ([file = '', ...args]: readonly string[]): boolean =>
  PRINTERS.includes(basename(file)) ||
  (basename(file) === 'env' && args.every((arg) => arg.startsWith('-') || arg.includes('=')));

/**
 * Runs a program with the upstream's key in its environment and nowhere else: the key is neither printed nor written.
 * It is the stored one, so that the program's end does not end it at the provider: a rotation does, after its grace.
 */
async function exec(invocation: Invocation): Promise<void> {
  const { args, program } = invocation;
  const { environment } = readTarget(args);
  const variable = args.as ?? 'ANTHROPIC_API_KEY';
  if (!VARIABLE.test(variable)) throw new CommandUsageError('`--as` must be the name of an environment variable');
  const [file, ...rest] = program;
  if (file === undefined)
    throw new CommandUsageError('a program is needed, as in `secrets exec --env dev -- npm run dev`');
  if (KEPT_IN_AWS.includes(environment)) {
    throw new CommandRefusal(`the keys of ${environment} are not for a process outside AWS: use dev or local`);
  }
  if (prints(program)) throw new CommandRefusal(`\`${basename(file)}\` would print the key`);
  const key = await upstreamKey(await operatorOf(invocation));
  const code = await invocation.runProgram({ file, args: rest, env: { ...process.env, [variable]: key } });
  if (code !== 0) throw new ProgramEnded(code);
}

async function upstreamKey({ access, deployment }: Operator): Promise<string> {
  if (!deployment.upstreamSecret) {
    throw new CommandRefusal(
      `${deployment.environment} stores no key that a program could get: the provider gives short-lived tokens to the roles of its functions alone; see docs/development.md`,
    );
  }
  const client = new SecretsManagerClient({ ...access });
  const { SecretString = '' } = await client
    .send(new GetSecretValueCommand({ SecretId: secretOf(deployment, 'upstream').id }))
    .catch((error: Error) => {
      if (error.name !== 'AccessDeniedException') throw error;
      throw new CommandRefusal(`the secret's policy does not let you read it: your role must be one of its readers`);
    });
  const key = fieldOf(SecretString);
  if (typeof key !== 'string' || key === '') throw new CommandFailure('the upstream secret holds no key');
  return key;
}

function fieldOf(text: string): unknown {
  try {
    return JSON.parse(text)?.[UPSTREAM_SECRET_FIELD];
  } catch {
    return undefined;
  }
}

export const execCommand: Command = { options: ['as'], takesProgram: true, run: exec };
