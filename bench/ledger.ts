import { SpendControl } from '../lambda/runtime/spend/spend-control';
import { SpendLedger } from '../lambda/runtime/spend/spend-ledger';
import { exponential, seededRandom } from '../test/promises/fleet/seeded-random';
import { VirtualTime } from '../test/promises/fleet/virtual-time';
import { type Bench, type Figure, round } from './figure';
import { ContendedTable, HELD_MS, ITEM_WRITE_UNITS, MeteredTable } from './ledger-table-model';

/** Micro-USD: about what a call of a large model costs at most. */
const ESTIMATE = 12_345;
const AMOUNT = 6_789;
const CAP = 9_000_000_000;
const KEEP_DAYS = 30;
const DAY_SECONDS = 86_400;

/** When every shard is dry at once. */
const MIDNIGHT = Date.parse('2026-10-02T00:00:00Z');
const MIDNIGHT_RATE = 200;

const FIRST_DAY = Date.parse('2026-10-01T12:00:00Z');
const LAST_DAY = Date.parse('2026-10-31T12:00:00Z');

/** Milliseconds of arrivals, and from a job's acceptance to its call and on to its settlement. */
const LASTS_MS = 15_000;
const STAGE_MS = 1_000;
/** Jobs at least, so that one chance meeting of few decides nothing; and at most, as more decide nothing more. */
const LEAST_JOBS = 500;
const MOST_JOBS = 8_000;
/** Share of commits that may meet another. */
const MOST_CONFLICTS = 0.05;
/** Rates are tried from this one on, each so much above the last. */
const LEAST_RATE = 1;
const RATE_STEP = 1.25;

const requestOf = (id: string, clientId: string, nowMs: number) => ({
  id,
  clientId,
  clientCaps: { perDay: CAP, perMonth: CAP },
  estimate: ESTIMATE,
  nowMs,
  keepUntil: Math.round(nowMs / 1_000) + KEEP_DAYS * DAY_SECONDS,
});

interface Cost {
  readonly requests: number;
  readonly writes: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

/** What one job costs on a day, in a month that was used on every day before it. */
async function costOn(nowMs: number): Promise<Cost> {
  const table = new MeteredTable();
  const ledger = new SpendLedger(table, { shards: 1 });
  const caps = { globalDay: CAP, globalMonth: 31 * CAP };
  const live = async (id: string, atMs: number) => {
    await ledger.reserve(requestOf(id, 'k2j4h6g8f0d2s4a6', atMs));
    await ledger.begin(id, { callId: '1.1', estimate: ESTIMATE, nowMs: atMs });
    await ledger.settle(id, { callId: '1.1', amount: AMOUNT, close: true });
  };
  await new SpendControl(table, { shards: 1 }).syncDeployedCaps(caps, nowMs);
  for (let atMs = FIRST_DAY; atMs <= nowMs; atMs += DAY_SECONDS * 1_000) {
    for (let index = 0; index < 20; index += 1) await live(`${atMs}-${index}`, atMs);
  }
  const { requests, writes, writeUnits, readUnits } = table;
  await live('0123456789abcdef0123456789abcdef', nowMs);
  return {
    requests: table.requests - requests,
    writes: table.writes - writes,
    writeUnits: table.writeUnits - writeUnits,
    readUnits: table.readUnits - readUnits,
  };
}

interface Load {
  readonly shards: number;
  readonly clients: number;
}

interface Contention {
  readonly conflicts: number;
  /** Operations that were given up as others came first too often. */
  readonly givenUp: number;
  readonly slowestMs: number;
}

/** Jobs that arrive at random at a rate, each reserved, begun and settled, by processes of their own. */
class LoadRun {
  readonly #time = new VirtualTime();
  readonly #table = new ContendedTable(this.#time);
  readonly #random = seededRandom(7);
  #givenUp = 0;
  #slowestMs = 0;

  constructor(
    readonly rate: number,
    readonly load: Load,
    readonly beginsAt: number,
  ) {}

  async run(): Promise<Contention> {
    const lastsMs = Math.min(Math.max(LASTS_MS, (1_000 * LEAST_JOBS) / this.rate), (1_000 * MOST_JOBS) / this.rate);
    let isOver = false;
    const arrived = this.#arrive(lastsMs).finally(() => {
      isOver = true;
    });
    while (!isOver) await this.#time.run(STAGE_MS);
    await arrived;
    await this.#time.run(20 * STAGE_MS);
    const { commits, conflicts, throttles } = this.#table;
    return { conflicts: (conflicts + throttles) / commits, givenUp: this.#givenUp, slowestMs: this.#slowestMs };
  }

  async #arrive(lastsMs: number): Promise<void> {
    const { shards } = this.load;
    const time = this.#time;
    await new SpendControl(this.#table, { shards }, this.#tools).syncDeployedCaps({ globalDay: CAP }, this.#now());
    // Every shard has its first slice before the load begins, as on any day but for its first moments.
    for (let shard = 0; shard < shards; shard += 1) {
      const ledger = new SpendLedger(this.#table, { shards }, { ...this.#tools, random: () => shard / shards });
      await ledger.reserve(requestOf(`opening-${shard}`, 'opening', this.#now()));
    }
    this.#table.forget();
    const endsAt = time.elapsedMs + lastsMs;
    for (let index = 0; time.elapsedMs < endsAt; index += 1) {
      await time.sleep(exponential(this.#random, 1_000 / this.rate));
      void this.#live(String(index));
    }
  }

  get #tools() {
    return { random: this.#random, sleep: (ms: number) => this.#time.sleep(ms) };
  }

  readonly #now = () => this.beginsAt + this.#time.elapsedMs;

  async #live(id: string): Promise<void> {
    const { shards, clients } = this.load;
    const ledger = new SpendLedger(this.#table, { shards }, this.#tools);
    const clientId = `client-${Math.floor(this.#random() * clients)}`;
    await this.#insist(() => ledger.reserve(requestOf(id, clientId, this.#now())));
    await this.#time.sleep(STAGE_MS);
    await this.#insist(() => ledger.begin(id, { callId: '1.1', estimate: ESTIMATE, nowMs: this.#now() }));
    await this.#time.sleep(STAGE_MS);
    await this.#insist(() => ledger.settle(id, { callId: '1.1', amount: AMOUNT, close: true }));
  }

  async #insist(work: () => Promise<unknown>): Promise<void> {
    const startedAt = this.#time.now();
    await work().catch(() => {
      this.#givenUp += 1;
    });
    this.#slowestMs = Math.max(this.#slowestMs, this.#time.now() - startedAt);
  }
}

/** The highest of the rates tried that is still sound. */
async function highestRate(
  load: Load,
  isSound: (contention: Contention) => boolean,
  from = LEAST_RATE,
): Promise<number> {
  let sound = 0;
  for (let rate = from; ; rate *= RATE_STEP) {
    if (!isSound(await new LoadRun(rate, load, FIRST_DAY).run())) return sound;
    sound = rate;
  }
}

const MANY_CLIENTS = 10_000;
const LOADS: readonly (readonly [string, Load])[] = [
  ['one hot global item', { shards: 1, clients: MANY_CLIENTS }],
  ['4 shards', { shards: 4, clients: MANY_CLIENTS }],
  ['16 shards', { shards: 16, clients: MANY_CLIENTS }],
  ['64 shards', { shards: 64, clients: MANY_CLIENTS }],
  ['one single client', { shards: 16, clients: 1 }],
];

const figure = (subject: string, value: number, unit: string): Figure => ({
  bench: 'ledger',
  subject,
  figure: value,
  unit,
  goal: null,
  meets: null,
});

/** What a job costs in the ledger, and how many a second there may be before they get into each other's way. */
export const ledgerBench: Bench = {
  name: 'ledger',
  summary: `spend ledger: cost of a job, and jobs/s before conflicts pass 5 % where a transaction holds its items for ${HELD_MS} ms and an item takes ${ITEM_WRITE_UNITS} write units/s`,
  async run(report) {
    const figures: Figure[] = [];
    for (const [day, nowMs] of [
      ['first', FIRST_DAY],
      ['31st', LAST_DAY],
    ] as const) {
      const { requests, writes, writeUnits, readUnits } = await costOn(nowMs);
      figures.push(
        figure(`requests a job, ${day} day`, requests, 'requests'),
        figure(`rows written a job, ${day} day`, writes, 'rows'),
        figure(`write units a job, ${day} day`, writeUnits, 'WCU'),
        figure(`read units a job, ${day} day`, readUnits, 'RCU'),
      );
    }
    for (const [subject, load] of LOADS) {
      report(`${subject}: raising the rate`);
      const rate = await highestRate(load, ({ conflicts }) => conflicts <= MOST_CONFLICTS);
      figures.push(figure(`${subject}, conflicts <= 5 %`, round(rate, 1), 'jobs/s'));
      const most = await highestRate(load, ({ givenUp }) => givenUp === 0, rate);
      figures.push(figure(`${subject}, none given up`, round(most, 1), 'jobs/s'));
    }
    report('midnight over 16 shards');
    const { slowestMs, givenUp } = await new LoadRun(
      MIDNIGHT_RATE,
      { shards: 16, clients: MANY_CLIENTS },
      MIDNIGHT - LASTS_MS / 2,
    ).run();
    figures.push(
      figure(`slowest of ${MIDNIGHT_RATE} jobs/s at midnight`, round(slowestMs, 0), 'ms'),
      figure(`given up at midnight`, givenUp, 'operations'),
    );
    return figures;
  },
};
