import { randomBytes } from 'node:crypto';
import type { SpendReport } from '../../lib/contract/spend-control';
import { type ApiAnswer, ApiClient, submissionOf } from '../../local/api-client';
import { LocalFailure } from '../../local/failure';
import { runBulwark } from '../e2e/run-bulwark';
import type { DrillOptions, Finding } from './promise';

/** Submissions that come while the cap fits `FITTING` of them. */
const SUBMISSIONS = { small: 300, full: 1_000 } as const;
const FITTING = 100;
/** Requests in flight; each is a process of the emulator. */
const IN_FLIGHT = 24;
const ENDS_WITHIN_MS = 120_000;
const MICRO_USD = 1_000_000;
/** Times that a request is sent which is answered by a 5xx. */
const MOST_TRIES = 10;

/**
 * P2 on real Lambdas and DynamoDB: many submissions at once against a global cap that fits a hundred, while no job may
 * run, so that nothing is given back; then one more for which the cap is raised, to the micro-dollar; then every job
 * runs, and the ledger has what the upstream has billed.
 */
export async function capOnStack(options: DrillOptions): Promise<Finding> {
  const drill = new CapDrill(options);
  try {
    return await drill.run();
  } finally {
    await drill.end();
  }
}

class CapDrill {
  readonly #run = `p2-${randomBytes(3).toString('hex')}`;
  readonly #api: ApiClient;
  #askedAgain = 0;
  /** Id of the job that tells what one costs at worst. */
  #first = '';

  constructor(readonly options: DrillOptions) {
    this.#api = new ApiClient(options.addresses.apiUrl, options.addresses.client.key);
  }

  async run(): Promise<Finding> {
    const { full, tell } = this.options;
    const submissions = full ? SUBMISSIONS.full : SUBMISSIONS.small;
    await this.#bulwark('breaker', 'open', '--reason', 'drill P2');
    const before = await this.#status();
    const worstCase = await this.#worstCaseOfOne(before);
    // One is accepted already: it told what a job costs at worst.
    const cap = committedOf(before) + FITTING * worstCase;
    await this.#setCap(cap);
    tell(`${submissions} submissions, ${IN_FLIGHT} in flight, against a cap that fits ${FITTING - 1} more`);
    const answers = await this.#submitMany(submissions);
    const accepted = answers.filter(({ status }) => status === 202);
    const atCap = await this.#status();
    await this.#setCap(cap + worstCase);
    const oneMore = await this.#submitMany(2);
    const atRaisedCap = await this.#status();
    await this.#bulwark('breaker', 'close', '--reason', 'drill P2');
    const others = [...accepted, ...oneMore].filter(({ status }) => status === 202).map(({ json }) => idOf(json));
    const ids = [this.#first, ...others];
    tell(`waiting for ${ids.length} jobs`);
    const ends = await this.#untilEnded(ids);
    const after = await this.#status();
    const measured = {
      submissions,
      inFlight: IN_FLIGHT,
      fitting: FITTING,
      accepted: accepted.length + 1,
      refused: answers.filter(({ status }) => status === 429).length,
      askedAgain: this.#askedAgain,
      otherAnswers: answers.filter(({ status }) => status !== 202 && status !== 429).length,
      overspendMicroUsd: Math.max(0, committedOf(atCap) - cap, committedOf(atRaisedCap) - cap - worstCase),
      leftAtCapMicroUsd: cap - committedOf(atCap),
      acceptedOfTwoWithRoomForOne: oneMore.filter(({ status }) => status === 202).length,
      notSucceeded: ends.filter((status) => status !== 'succeeded').length,
      // What jobs of somebody else's held before may be given back meanwhile.
      driftMicroUsd: Math.max(0, after.day.reserved - before.day.reserved),
    };
    return { measured, holds: holds(measured) };
  }

  /** Lets the service be as it was, whatever has become of the drill. */
  async end(): Promise<void> {
    await this.#bulwark('spend', 'set', '--reset', '--reason', 'drill P2 ends');
    await this.#bulwark('breaker', 'close', '--reason', 'drill P2 ends');
  }

  async #worstCaseOfOne(before: SpendReport): Promise<number> {
    this.#first = await this.#api.accept(this.#prompt(0));
    return committedOf(await this.#status()) - committedOf(before);
  }

  /** Prompts of one length: each job costs the same at worst. */
  #prompt(index: number): string {
    return `Question ${String(index).padStart(6, '0')}. [[${this.#run}]]`;
  }

  async #submitMany(count: number): Promise<ApiAnswer[]> {
    const answers: ApiAnswer[] = [];
    let next = 0;
    const submitter = async () => {
      while (next < count) {
        next += 1;
        this.options.signal?.throwIfAborted();
        answers.push(await this.#submitUntilJudged(this.#prompt(next)));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, submitter));
    return answers;
  }

  /** As a client does that is not answered, or told that the ledger is busy: the same once more, under the same key. */
  async #submitUntilJudged(prompt: string): Promise<ApiAnswer> {
    const body = JSON.stringify(submissionOf(prompt));
    const headers = { 'idempotency-key': randomBytes(12).toString('hex') };
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#api.request('POST', '/v1/jobs', body, headers);
      if (answer.status < 500 || tries === MOST_TRIES) return answer;
      this.#askedAgain += 1;
    }
  }

  async #untilEnded(ids: readonly string[]): Promise<string[]> {
    const deadline = performance.now() + ENDS_WITHIN_MS;
    const ends: string[] = [];
    for (const id of ids) {
      const { status } = await this.#api.untilEnded(id, deadline - performance.now(), undefined, this.options.signal);
      ends.push(status);
    }
    return ends;
  }

  async #status(): Promise<SpendReport> {
    return JSON.parse(await this.#bulwark('spend', 'status', '--json')) as SpendReport;
  }

  async #setCap(microUsd: number): Promise<void> {
    await this.#bulwark('spend', 'set', '--day', (microUsd / MICRO_USD).toFixed(6), '--reason', 'drill P2');
  }

  async #bulwark(...args: string[]): Promise<string> {
    const { endpoint, deployment } = this.options.addresses;
    const { code, stdout, stderr } = await runBulwark(endpoint, ...args, '--env', deployment.environment);
    if (code !== 0) throw new LocalFailure(`P2: bulwark ${args.slice(0, 2).join(' ')} answered ${code}: ${stderr}`);
    return stdout;
  }
}

/** Micro-USD that are spent or reserved in the day. */
const committedOf = ({ day }: SpendReport): number => day.spent + day.reserved;

const idOf = (json: unknown): string => (json as { readonly id: string }).id;

const holds = (measured: Readonly<Record<string, number>>): boolean =>
  measured.accepted === FITTING &&
  measured.refused === Number(measured.submissions) - (FITTING - 1) &&
  measured.acceptedOfTwoWithRoomForOne === 1 &&
  ['otherAnswers', 'overspendMicroUsd', 'leftAtCapMicroUsd', 'notSucceeded', 'driftMicroUsd'].every(
    (name) => measured[name] === 0,
  );
