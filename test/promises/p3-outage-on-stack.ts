import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { BREAKER_DEFAULTS } from '../../lambda/runtime/breaker/breaker-options';
import {
  type BreakerRow,
  BreakerStatus,
  breakerRowName,
  ControlTable,
  UPSTREAM_BREAKER,
} from '../../lib/contract/control';
import { JobStatus } from '../../lib/contract/tables';
import { ApiClient } from '../../local/api-client';
import { peekDeadLetters } from '../../local/dead-letters';
import { accessTo } from '../../local/endpoint';
import { LocalFailure } from '../../local/failure';
import { UpstreamControl } from '../../local/upstream-control';
import type { DrillOptions, Finding } from './promise';

const JOBS = 12;
const OPENS_WITHIN_MS = 60_000;
/** Several open windows of the local environment. */
const DOWN_MS = 30_000;
const RECOVERS_WITHIN_MS = 90_000;
const LOOK_MS = 50;
/** A worker may rely on what it has read for so long, and a call takes its way. */
const CACHE_LAG_MS = 2 * BREAKER_DEFAULTS.cacheMs + 300;

/** P3 on real Lambdas and DynamoDB: the upstream is down for a while, and nobody helps. */
export async function outageOnStack(options: DrillOptions): Promise<Finding> {
  const drill = new OutageDrill(options);
  try {
    return await drill.run();
  } finally {
    await drill.end();
  }
}

class OutageDrill {
  readonly #run = `p3-${randomBytes(3).toString('hex')}`;
  readonly #api: ApiClient;
  readonly #upstream: UpstreamControl;
  readonly #tables: DynamoDBDocumentClient;
  readonly #lambda: LambdaClient;
  /** Every row of the breaker that was seen, by epoch. */
  readonly #rows = new Map<number, BreakerRow>();
  readonly #watching = new AbortController();
  #wasPaused = false;

  constructor(readonly options: DrillOptions) {
    const { apiUrl, client, upstreamUrl, endpoint } = options.addresses;
    const access = accessTo(endpoint);
    this.#api = new ApiClient(apiUrl, client.key);
    this.#upstream = new UpstreamControl(upstreamUrl);
    this.#tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...access }));
    this.#lambda = new LambdaClient({ ...access });
  }

  async run(): Promise<Finding> {
    const { tell, addresses } = this.options;
    const deadBefore = new Set(await peekDeadLetters(addresses));
    await this.#upstream.treatOthers({ kind: 'error', status: 503 });
    const watch = this.#watch();
    const ids: string[] = [];
    for (let index = 0; index < JOBS; index += 1)
      ids.push(await this.#api.accept(`Question. [[${this.#run}-${index}]]`));
    await this.#until(() => this.#isOpen, OPENS_WITHIN_MS, 'the breaker opens');
    tell(`the breaker is open; the upstream stays down for ${DOWN_MS / 1_000} s more`);
    await sleep(DOWN_MS, undefined, { signal: this.options.signal });
    const upAtMs = Date.now();
    await this.#upstream.treatOthers({ kind: 'reply' });
    tell('the upstream serves again; waiting for every job');
    const deadline = performance.now() + RECOVERS_WITHIN_MS;
    const views = [];
    for (const id of ids)
      views.push(await this.#api.untilEnded(id, deadline - performance.now(), undefined, this.options.signal));
    const recoveryMs = Date.now() - upAtMs;
    await this.#until(async () => !(await this.#mapping()).isPaused, RECOVERS_WITHIN_MS, 'the consumer resumes');
    this.#watching.abort();
    await watch;
    const dead = (await peekDeadLetters(addresses)).filter((id) => !deadBefore.has(id));
    return this.#judge(upAtMs, {
      jobs: ids.length,
      succeeded: views.filter(({ status }) => status === JobStatus.SUCCEEDED).length,
      deadLettered: dead.length,
      recoverySeconds: Math.round(recoveryMs / 100) / 10,
    });
  }

  /** Leaves the stack as it was found, however the drill went. */
  async end(): Promise<void> {
    this.#watching.abort();
    await this.#upstream.treatOthers({ kind: 'reply' });
  }

  async #judge(
    upAtMs: number,
    figures: { jobs: number; succeeded: number; deadLettered: number; recoverySeconds: number },
  ) {
    const calls = (await this.#upstream.log()).calls.filter(({ marker }) => marker.startsWith(this.#run));
    const windows = this.#windows().filter(({ fromMs }) => fromMs < upAtMs);
    // A probe belongs to the window that it ends, even where both are of one millisecond.
    const perWindow = windows.map(
      ({ fromMs, toMs }) => calls.filter(({ atMs }) => atMs > fromMs && atMs <= Math.min(toMs, upAtMs)).length,
    );
    const measured = {
      ...figures,
      windows: windows.length,
      callsPerWindow: Math.max(0, ...perWindow),
      callsWhileDown: calls.filter(({ atMs }) => atMs < upAtMs).length,
      paused: this.#wasPaused ? 1 : 0,
    };
    const holds =
      measured.succeeded === measured.jobs &&
      measured.deadLettered === 0 &&
      measured.windows >= 3 &&
      measured.callsPerWindow <= 1 &&
      this.#wasPaused;
    return { measured, holds };
  }

  /** The open windows, from a little after an opening that not every worker can know of at once. */
  #windows(): { fromMs: number; toMs: number }[] {
    const rows = [...this.#rows.values()]
      .filter(({ status }) => status !== BreakerStatus.HALF_OPEN)
      .sort((a, b) => a.epoch - b.epoch);
    return rows.flatMap((row, index) => {
      if (row.status !== BreakerStatus.OPEN) return [];
      const fromMs = row.changedAt + (row.openings === 1 ? CACHE_LAG_MS : 0);
      return [{ fromMs, toMs: rows[index + 1]?.changedAt ?? Number.POSITIVE_INFINITY }];
    });
  }

  get #isOpen(): boolean {
    return [...this.#rows.values()].some(({ status }) => status === BreakerStatus.OPEN);
  }

  async #watch(): Promise<void> {
    const { deployment } = this.options.addresses;
    const Key = { [ControlTable.PARTITION_KEY]: breakerRowName(UPSTREAM_BREAKER) };
    const first = await this.#readRow(deployment.controlTable, Key);
    while (!this.#watching.signal.aborted) {
      const row = await this.#readRow(deployment.controlTable, Key);
      if (row && row.epoch > (first?.epoch ?? 0)) this.#rows.set(row.epoch, row);
      if (row && row.status !== BreakerStatus.CLOSED) this.#wasPaused ||= (await this.#mapping()).isPaused;
      await sleep(LOOK_MS);
    }
  }

  async #readRow(TableName: string, Key: Record<string, string>): Promise<BreakerRow | undefined> {
    const { Item } = await this.#tables.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    return Item as BreakerRow | undefined;
  }

  async #mapping(): Promise<{ isPaused: boolean }> {
    const UUID = this.options.addresses.deployment.consumerMappingId;
    const { State } = await this.#lambda.send(new GetEventSourceMappingCommand({ UUID }));
    return { isPaused: State === 'Disabled' || State === 'Disabling' };
  }

  async #until(isDone: () => boolean | Promise<boolean>, withinMs: number, what: string): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await isDone())) {
      this.options.signal?.throwIfAborted();
      if (performance.now() > deadline) throw new LocalFailure(`P3: waited ${withinMs / 1_000} s until ${what}`);
      await sleep(LOOK_MS);
    }
  }
}
