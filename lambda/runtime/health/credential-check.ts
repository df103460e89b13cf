import { HealthStatus } from '../../../lib/contract/health';
import type { Clock, Sleep } from '../clock/clock';
import { OutboundFederationDisabledError } from '../federation/errors';
import type { CredentialState, IUpstreamCredential } from '../secrets/credential';
import type { HealthFinding, IHealthCheck } from './health-check';

export interface CredentialCheckOptions {
  readonly credential: Pick<IUpstreamCredential, 'get' | 'state'>;
  readonly now: Clock;
  readonly sleep: Sleep;
}

/** Milliseconds that a new value is waited for where one is held; less than a check may take. */
export const CREDENTIAL_WAIT_MS = 1_500;

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

const stateOf = (
  { obtainedAt, madeAt, isStale }: CredentialState & { readonly obtainedAt: number },
  nowMs: number,
): HealthFinding => ({
  status: isStale ? HealthStatus.DEGRADED : HealthStatus.OK,
  detail: {
    state: isStale ? 'stale' : 'fresh',
    heldSeconds: Math.floor((nowMs - obtainedAt) / SECOND_MS),
    ...(madeAt !== undefined && { ageDays: Math.floor((nowMs - madeAt) / DAY_MS) }),
  },
});

/**
 * Whether there is a credential for the upstream: degraded while the newest cannot be had and an older one is used, and
 * down where there is none at all. Where an AWS account does not let its identities be federated, it says so.
 */
export const credentialCheck = ({ credential, now, sleep }: CredentialCheckOptions): IHealthCheck => ({
  name: 'upstream-credential',
  isCritical: true,
  run: async () => {
    try {
      await getInTime(credential, sleep);
    } catch (error) {
      if (!(error instanceof OutboundFederationDisabledError)) throw error;
      return { status: HealthStatus.DOWN, detail: { error: 'outbound web identity federation is off' } };
    }
    const state = credential.state();
    const { obtainedAt } = state;
    return obtainedAt === undefined ? { status: HealthStatus.DOWN } : stateOf({ ...state, obtainedAt }, now());
  },
});

/** A keeper that stalls must not hide that a value is held. */
const getInTime = async (credential: CredentialCheckOptions['credential'], sleep: Sleep): Promise<void> => {
  const isHeld = credential.state().obtainedAt !== undefined;
  const wanted = credential.get();
  if (!isHeld) {
    await wanted;
    return;
  }
  const answered = new AbortController();
  const waited = sleep(CREDENTIAL_WAIT_MS, answered.signal).catch(() => undefined);
  try {
    await Promise.race([wanted, waited]);
  } finally {
    answered.abort();
    wanted.catch(() => undefined);
  }
};
