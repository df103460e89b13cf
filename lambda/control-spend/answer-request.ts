import type { GlobalCaps } from '../../lib/contract/ledger';
import {
  type CutRequest,
  type PricesRequest,
  type RestoreRequest,
  type SetRequest,
  SpendAction,
  type SpendAnswer,
  SpendRefusal,
  type SpendRefusalValue,
  type SpendRequest,
  type StatusRequest,
} from '../../lib/contract/spend-control';
import { formatUsd } from '../../lib/contract/usd';
import type { SpendStatus } from '../runtime/spend/ledger';
import { converge } from './converge';
import type { SpendControlDependencies } from './dependencies';
import { cheapestRequest, pricesReport } from './prices';
import { publishCutOff } from './publish-gauges';
import { spendReport, windowsReport } from './spend-report';
import { usedUpWindow } from './used-up';

/** What an operator asks for; a run of the schedule is none of it. */
export type OperatorRequest = Exclude<SpendRequest, { action: typeof SpendAction.RUN }>;

/** Does what an operator asks for, and answers how things are then. */
export const answerRequest = (
  request: OperatorRequest,
  dependencies: SpendControlDependencies,
): Promise<SpendAnswer> | SpendAnswer => {
  switch (request.action) {
    case SpendAction.STATUS:
      return status(request, dependencies);
    case SpendAction.SET:
      return setCaps(request, dependencies);
    case SpendAction.CUT:
      return cutOff(request, dependencies);
    case SpendAction.RESTORE:
      return restore(request, dependencies);
    case SpendAction.PRICES:
      return prices(request, dependencies);
  }
};

const refused = (code: SpendRefusalValue, message: string): SpendAnswer => ({ kind: 'refused', code, message });

const status = async (
  { clientId, clientCaps = {} }: StatusRequest,
  dependencies: SpendControlDependencies,
): Promise<SpendAnswer> => {
  const { ledger, clients, now } = dependencies;
  const report = await spendReport(await ledger.readStatus(now()), dependencies);
  if (clientId === undefined) return { kind: 'status', report };
  return { kind: 'status', report, client: windowsReport(await clients.readClient(clientId, clientCaps, now())) };
};

const setCaps = async (request: SetRequest, dependencies: SpendControlDependencies): Promise<SpendAnswer> => {
  const { ledger, log, now } = dependencies;
  const { day, month, by, reason } = request;
  const before = await ledger.readStatus(now());
  const after = await ledger.setCaps(
    { ...(day !== undefined && { globalDay: day }), ...(month !== undefined && { globalMonth: month }) },
    now(),
  );
  log.warn('The caps are changed.', { by, reason, before: before.caps, after: after.caps });
  const changed = !areEqual(before.override, after.override);
  return done({ before, after, changed, pending: [] }, dependencies);
};

const areEqual = (a: GlobalCaps, b: GlobalCaps): boolean =>
  a.globalDay === b.globalDay && a.globalMonth === b.globalMonth;

const cutOff = async ({ by, reason }: CutRequest, dependencies: SpendControlDependencies): Promise<SpendAnswer> => {
  const { ledger, log, now } = dependencies;
  const before = await ledger.readStatus(now());
  // The one that is there stays: it says since when.
  const after = await ledger.cut({ by, reason, at: now() });
  if (!before.cut) log.error('Spending is cut off until an operator restores it.', { by, reason });
  return follow(before, after, !before.cut, dependencies);
};

const restore = async (
  { by, reason, force }: RestoreRequest,
  dependencies: SpendControlDependencies,
): Promise<SpendAnswer> => {
  const { ledger, log, now, prices: book } = dependencies;
  const before = await ledger.readStatus(now());
  const window = usedUpWindow(before, cheapestRequest(book, now()));
  if (before.cut && window && !force) {
    const { cap, spent } = window;
    return refused(
      SpendRefusal.USED_UP,
      `the cap of ${window.window} is used up (${formatUsd(spent)} of ${formatUsd(cap)} are spent): spending would be cut off again within a minute`,
    );
  }
  const after = await ledger.restore(now());
  if (before.cut) log.warn('Spending goes on.', { by, reason, cut: before.cut });
  return follow(before, after, before.cut !== undefined, dependencies);
};

const prices = (
  { model }: PricesRequest,
  { prices: book, now }: Pick<SpendControlDependencies, 'prices' | 'now'>,
): SpendAnswer => {
  const models = pricesReport(book, now()).filter((price) => model === undefined || price.model === model);
  if (model !== undefined && models.length === 0) {
    return refused(SpendRefusal.UNKNOWN_MODEL, `the price book does not know the model ${model}`);
  }
  return { kind: 'prices', at: new Date(now()).toISOString(), models };
};

/**
 * Lets everything else follow the ledger, and tells what could not be done of it yet: what was asked for is done by then,
 * and the next run of the schedule does the rest.
 */
const follow = async (
  before: SpendStatus,
  after: SpendStatus,
  changed: boolean,
  dependencies: SpendControlDependencies,
): Promise<SpendAnswer> => {
  publishCutOff(after, dependencies);
  const { status: current, unfinished } = await converge(after, dependencies).catch((error: Error) => {
    dependencies.log.error('Nothing follows the ledger yet.', error);
    return { status: after, unfinished: [{ what: 'make consumer and usage plans follow the ledger' }] };
  });
  const pending = unfinished.map(({ what }) => what);
  return done({ before, after: current, changed, pending }, dependencies);
};

interface Done {
  readonly before: SpendStatus;
  readonly after: SpendStatus;
  readonly changed: boolean;
  readonly pending: readonly string[];
}

const done = async (
  { before, after, changed, pending }: Done,
  dependencies: SpendControlDependencies,
): Promise<SpendAnswer> => ({
  kind: 'done',
  changed,
  before: await spendReport(before, dependencies),
  report: await spendReport(after, dependencies),
  unfinished: pending,
});
