import { parseArgs } from 'node:util';
import { isAws } from './endpoint';
import { UsageError } from './failure';

/** What the command line of `npm run local` asked for. */
export interface LocalOptions {
  readonly once: boolean;
  readonly keep: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly checkGaps: boolean;
  /** Name of the run: runs of different names can be beside each other. */
  readonly instance: string;
  /** Port of the emulator; a free one when not given. */
  readonly port?: number;
  /** Address of an endpoint that runs already; then no emulator is installed or started. */
  readonly endpoint?: string;
  /** Address under which the endpoint reaches the upstream double. */
  readonly upstream?: string;
  /** AWS account to deploy to, when the endpoint is AWS itself. */
  readonly account?: string;
  /** Port of the upstream double; a free one when not given. */
  readonly upstreamPort?: number;
}

export const LOCAL_HELP = `Deploys the service to an emulator on this machine and sends three jobs through it.

  npm run local -- [options]

  --once               end after the three jobs: exit code 0 when they ended as they should, else 1
  --port N             port of the emulator (default: a free one)
  --endpoint URL       use an endpoint that runs already instead of installing and starting an emulator;
                       stacks named bulwark-local-* on it are deleted and deployed afresh
  --account ID         AWS account to deploy to, needed when the endpoint is AWS itself
  --upstream URL       address under which that endpoint reaches the upstream double on this machine
                       (needed when the endpoint is on another machine; a tunnel, for example)
  --upstream-port N    port of the upstream double (default: a free one)
  --instance NAME      name of this run: runs of different names can be beside each other (default: local)
  --keep               leave the working folder .local/run/NAME and, with --endpoint, the deployed stacks in place
  --json               with --once: print the outcome as one JSON document on stdout, progress on stderr
  --check-gaps         end after the deploy with a list of what the emulator lacks; exit code 1 when it now
                       does something by itself that local/emulator-gaps still fills
  --help               print this

The logs are in .local/logs. Ctrl-C ends everything that was started.`;

const OPTIONS = {
  once: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  'check-gaps': { type: 'boolean', default: false },
  instance: { type: 'string', default: 'local' },
  port: { type: 'string' },
  endpoint: { type: 'string' },
  account: { type: 'string' },
  upstream: { type: 'string' },
  'upstream-port': { type: 'string' },
} as const;

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads the command line of `npm run local`.
 * @throws UsageError in one line, for an unknown option or a value out of range.
 */
export function parseLocalArguments(args: readonly string[]): LocalOptions {
  const values = parseStrictly(args);
  const port = toPort('--port', values.port);
  const upstreamPort = toPort('--upstream-port', values['upstream-port']);
  const endpoint = toUrl('--endpoint', values.endpoint);
  const upstream = toUrl('--upstream', values.upstream);
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(values.instance)) {
    throw usage(`\`--instance\` must be a short name in lower case, got: ${values.instance}`);
  }
  if (endpoint && port !== undefined)
    throw usage('`--port` is the port of an emulator that `--endpoint` does not start');
  // An emulator that has been used keeps settings of deleted tables, and would look as if it had closed gaps.
  if (endpoint && values['check-gaps']) throw usage('`--check-gaps` needs a fresh emulator, so no `--endpoint`');
  const { account } = values;
  if (endpoint && isAws(endpoint) !== /^\d{12}$/.test(account ?? '')) {
    throw usage('`--account` must be 12 digits when the endpoint is AWS itself, and is for nothing else');
  }
  if (upstream && !endpoint) throw usage('`--upstream` needs `--endpoint`');
  if (endpoint && !upstream && !LOOPBACK.test(new URL(endpoint).hostname)) {
    throw usage(`\`--upstream\` is needed, because ${endpoint} is on another machine`);
  }
  if (values.json && !values.once) throw usage('`--json` needs `--once`');
  return {
    once: values.once,
    keep: values.keep,
    json: values.json,
    help: values.help,
    checkGaps: values['check-gaps'],
    instance: values.instance,
    ...(port !== undefined && { port }),
    ...(upstreamPort !== undefined && { upstreamPort }),
    ...(endpoint && { endpoint }),
    ...(account && { account }),
    ...(upstream && { upstream }),
  };
}

function parseStrictly(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    const [firstSentence] = (error as Error).message.split(/\. |\n/);
    throw usage(firstSentence ?? 'unreadable arguments');
  }
}

function toPort(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw usage(`\`${name}\` must be a whole number from 1 to 65535, got: ${value}`);
  }
  return port;
}

function toUrl(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw usage(`\`${name}\` must be an http or https address, got: ${value}`);
  }
  return value.replace(/\/+$/, '');
}

const usage = (text: string): UsageError => new UsageError(`local: ${text} (--help lists the options)`);
