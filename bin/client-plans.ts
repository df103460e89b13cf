import { ClientPlan, type ClientPlanProps, planProblems, planSetRules } from '../lib/api/client-plan';
import { UsageKeys } from '../lib/api/usage-keys';
import { DEFAULT_PLAN } from '../lib/contract/client-plan';

/** What the clients of an environment may, and how API Gateway knows them. */
export interface ClientSettings {
  /** Plans that a client may have: at most 10, of which `standard` is that of every client for whom none was named. */
  readonly plans: readonly ClientPlanProps[];
  /** Whose usage key a new client gets: `client` for one of its own, `plan` for that of its plan. */
  readonly usageKeys: UsageKeys;
  /** Seconds for which the gateway reuses what the authorizer said of a key, the delay of a revocation: 0 to 3600. */
  readonly authorizerCacheSeconds: number;
}

/** To try the service out: cheap whatever it asks for. */
const TRIAL: ClientPlanProps = {
  name: 'trial',
  requestsPerSecond: 1,
  burst: 5,
  requestsPerDay: 500,
  spendPerJob: '0.10',
  spendPerDay: '1',
  spendPerMonth: '10',
  models: ['claude-haiku-4-5'],
};

export const CLIENTS: ClientSettings = {
  plans: [
    {
      name: DEFAULT_PLAN,
      requestsPerSecond: 10,
      burst: 20,
      spendPerJob: '2.50',
      spendPerDay: '25',
      spendPerMonth: '250',
    },
    TRIAL,
  ],
  usageKeys: UsageKeys.CLIENT,
  authorizerCacheSeconds: 60,
};

/** Drills submit hundreds of jobs at once, and see a revocation take effect. */
export const LOCAL_CLIENTS: ClientSettings = {
  ...CLIENTS,
  plans: [
    {
      name: DEFAULT_PLAN,
      requestsPerSecond: 1_000,
      burst: 5_000,
      spendPerJob: '100',
      spendPerDay: '100000',
      spendPerMonth: '1000000',
    },
    TRIAL,
  ],
  authorizerCacheSeconds: 5,
};

/** Everything that is wrong with the clients' settings of an environment. */
export function clientProblems({ plans, usageKeys, authorizerCacheSeconds: seconds }: ClientSettings): string[] {
  const kinds = Object.values(UsageKeys);
  const rules = [
    ...setRules(plans).map((rule) => ({ key: 'plans', ...rule })),
    { key: 'usageKeys', rule: `must be one of ${kinds.join(', ')}`, got: usageKeys, holds: kinds.includes(usageKeys) },
    {
      key: 'authorizerCacheSeconds',
      rule: 'must be an integer between 0 and 3600',
      got: seconds,
      holds: Number.isInteger(seconds) && seconds >= 0 && seconds <= 3_600,
    },
  ];
  return [
    ...plans.flatMap((plan) => planProblems(plan).map((problem) => `\`plans\` has ${plan.name}, whose ${problem}`)),
    ...rules.filter(({ holds }) => !holds).map(({ key, rule, got }) => `\`${key}\` ${rule}, got: ${got}`),
  ];
}

/** Of plans of which one is wrong, the length is not known. */
function setRules(plans: readonly ClientPlanProps[]) {
  const areRight = plans.every((plan) => planProblems(plan).length === 0);
  const bytes = areRight ? Buffer.byteLength(ClientPlan.toJson(plans.map((plan) => new ClientPlan(plan)))) : 0;
  return planSetRules(
    plans.map(({ name }) => name),
    bytes,
  );
}
