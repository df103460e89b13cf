import { parseArgs } from 'node:util';
import { CLIENT_ID_PATTERN } from '../lib/contract/client-keys';
import { createClient, revokeClient } from './clients';
import { type AwsAccess, findDeployment } from './deployment';
import { CommandFailure, CommandUsageError } from './failure';

/** Where a command prints. */
export interface CommandOutput {
  /** One line on standard output. */
  readonly print: (line: string) => void;
  /** One line on standard error. */
  readonly printError: (line: string) => void;
}

const HELP = `Usage: bulwark <command> [options]

  clients create --env NAME --name TEXT     make a client and print its key, once
  clients revoke --env NAME --client ID     refuse every request of a client from now on

Options of every command:
  --env NAME        environment: local, dev, staging or prod
  --region REGION   Region of its stacks (default: AWS_REGION, or the profile's)
  --endpoint URL    endpoint of every AWS service, such as an emulator's (default: AWS_ENDPOINT_URL, or AWS itself)
  --json            print the outcome as one JSON document
  --help            print this

Exit codes: 0 done, 1 failed, 2 wrong usage. Credentials are found as by the AWS CLI.`;

const OPTIONS = {
  env: { type: 'string' },
  region: { type: 'string' },
  endpoint: { type: 'string' },
  name: { type: 'string' },
  client: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Arguments {
  readonly env?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly name?: string;
  readonly client?: string;
  readonly json: boolean;
}

type Command = (args: Arguments, print: CommandOutput['print']) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  'clients create': createClientCommand,
  'clients revoke': revokeClientCommand,
};

/** Runs the operator's command line and answers its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runBulwark(args: readonly string[], output: CommandOutput): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseCommandLine(args);
    if (values.help || positionals.length === 0) {
      output.print(HELP);
      return values.help ? 0 : 2;
    }
    const command = COMMANDS[positionals.join(' ')];
    if (!command) throw new CommandUsageError(`there is no command \`${positionals.join(' ')}\``);
    await command(values, output.print);
    return 0;
  } catch (error) {
    if (error instanceof CommandUsageError) {
      output.printError(`bulwark: ${error.message} (--help lists the commands)`);
      return 2;
    }
    const { name, message } = error as Error;
    output.printError(`bulwark: ${error instanceof CommandFailure ? message : `${name}: ${message}`}`);
    return 1;
  }
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new CommandUsageError((error as Error).message.split(/\. |\n/)[0]);
  }
}

async function createClientCommand(args: Arguments, print: CommandOutput['print']): Promise<void> {
  const environment = need(args.env, '--env');
  const name = need(args.name, '--name');
  if (name.length > 128) throw new CommandUsageError(`\`--name\` must be at most 128 characters, got: ${name.length}`);
  const access = accessOf(args);
  const client = await createClient(await findDeployment(environment, access), access, name);
  if (args.json) return print(JSON.stringify(client));
  print(`Client ${client.clientId} (${client.name}) in ${environment}. Its key, which is shown only this once:`);
  print(client.key);
}

async function revokeClientCommand(args: Arguments, print: CommandOutput['print']): Promise<void> {
  const environment = need(args.env, '--env');
  const clientId = need(args.client, '--client');
  if (!CLIENT_ID_PATTERN.test(clientId)) {
    throw new CommandUsageError(`\`--client\` must be 16 lower-case letters and digits, got: ${clientId}`);
  }
  const access = accessOf(args);
  await revokeClient(await findDeployment(environment, access), access, clientId);
  if (args.json) return print(JSON.stringify({ clientId, status: 'revoked' }));
  print(`Client ${clientId} is revoked: its requests are refused within the authorizer's cache time.`);
}

function need(value: string | undefined, option: string): string {
  if (value === undefined || value.trim() === '') throw new CommandUsageError(`\`${option}\` is needed`);
  return value;
}

function accessOf({ region, endpoint }: Arguments): AwsAccess {
  if (endpoint !== undefined && !URL.canParse(endpoint)) {
    throw new CommandUsageError(`\`--endpoint\` must be an address, got: ${endpoint}`);
  }
  return { ...(region && { region }), ...(endpoint && { endpoint }) };
}
