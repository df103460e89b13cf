import { DEFAULT_PLAN } from '../../lib/contract/client-plan';
import { ClientStatus } from '../../lib/contract/tables';
import { integerOf, need } from '../arguments';
import { audited } from '../audit';
import { type Command, type Invocation, operatorOf, readTarget, report } from '../command';
import type { Deployment } from '../deployment';
import { Progress } from '../progress';
import { clientIdOf, endingOf, nameOf, optionalReasonOf, overlapOf, planNameOf, statusOf } from './client-arguments';
import { drawClientId } from './client-id';
import { clientLine } from './client-lines';
import { createClient } from './create-client';
import { listClients } from './list-clients';
import { revokeClient } from './revoke-client';
import { type Ending, endClientKey, type RotatedClient, rotateClient } from './rotate-client';
import { setPlan } from './set-plan';

async function create(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const name = nameOf(args);
  const plan = args.plan === undefined ? DEFAULT_PLAN : planNameOf(args.plan);
  const reason = optionalReasonOf(args);
  const operator = await operatorOf(invocation);
  const clientId = drawClientId();
  await audited(operator, { what: 'clients.create', on: clientId, reason }, async () => {
    const wanted = { name, plan, clientId, sharesUsageKey: args['shared-usage-key'], nowMs: operator.now() };
    const client = await createClient(operator.deployment, operator.access, wanted);
    // Before anything else can fail: the key is nowhere else.
    report(invocation, client, [
      ...(client.isMakeshift ? [MAKESHIFT] : []),
      `Client ${clientId} (${name}) in ${operator.deployment.environment}, plan ${plan}. Its key, which is shown only this once:`,
      client.key,
    ]);
    return { value: undefined, result: `made with plan ${plan}, usage key of the ${client.usageKey}` };
  });
}

async function list(invocation: Invocation): Promise<void> {
  const { args, now } = invocation;
  readTarget(args);
  const filter = {
    statuses: args.status === undefined ? Object.values(ClientStatus) : [statusOf(args.status)],
    ...(args.plan !== undefined && { plan: planNameOf(args.plan) }),
    max: integerOf(args.max, '--max', 1, 1_000_000, Number.POSITIVE_INFINITY),
  };
  const found = await listClients(await operatorOf(invocation), filter);
  const lines = found.clients.map((client) => clientLine(client, now()));
  const last = found.more ? [`There are more than ${filter.max}.`] : lines.length === 0 ? ['There is none.'] : [];
  report(invocation, found, [...lines, ...last]);
}

async function rotate(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const clientId = clientIdOf(args);
  const ending = endingOf(args);
  const overlapMs = overlapOf(args);
  const reason = optionalReasonOf(args);
  const operator = await operatorOf(invocation);
  await audited(operator, { what: 'clients.rotate', on: clientId, reason }, async () => {
    const rotated = ending
      ? await endClientKey(operator, clientId, ending, operator.now())
      : await rotateClient(operator, clientId, overlapMs, operator.now());
    // Before anything else can fail: a new key is nowhere else.
    report(
      invocation,
      { ...rotated, effectiveWithinSeconds: operator.deployment.revocationSeconds },
      rotatedLines(rotated, ending, operator.deployment),
    );
    const until = rotated.liveKeys[0]?.expiresAt;
    const others = until === undefined ? 'no other key is live' : `the old key lives until ${until}`;
    return { value: undefined, result: ending ? `ended the ${ending} key` : `made a key; ${others}` };
  });
}

function rotatedLines({ clientId, key, liveKeys }: RotatedClient, ending: Ending | undefined, deployment: Deployment) {
  const until = liveKeys[0]?.expiresAt;
  const fate = until === undefined ? `is refused ${within(deployment)}` : `works until ${until}`;
  if (key === undefined) return [`The ${ending} key of client ${clientId} ${fate}; its other key lives on.`];
  return [`A new key of client ${clientId}, which is shown only this once. The old one ${fate}.`, key];
}

async function revoke(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const clientId = clientIdOf(args);
  const reason = optionalReasonOf(args);
  const operator = await operatorOf(invocation);
  await audited(operator, { what: 'clients.revoke', on: clientId, reason }, async () => {
    await revokeClient(operator, clientId, operator.now());
    return { value: undefined, result: ClientStatus.REVOKED };
  });
  const { revocationSeconds: effectiveWithinSeconds } = operator.deployment;
  report(invocation, { clientId, status: ClientStatus.REVOKED, effectiveWithinSeconds }, [
    `Client ${clientId} is revoked: its requests are refused ${within(operator.deployment)}.`,
  ]);
}

async function changePlan(invocation: Invocation): Promise<void> {
  const { args, output, now } = invocation;
  readTarget(args);
  const clientId = clientIdOf(args);
  const plan = planNameOf(need(args.plan, '--plan'));
  const reason = optionalReasonOf(args);
  const operator = await operatorOf(invocation);
  const client = await audited(operator, { what: 'clients.set-plan', on: clientId, reason }, async () => {
    const wanted = { clientId, plan, sharesUsageKey: args['shared-usage-key'] };
    const value = await setPlan(operator, wanted, new Progress(output, now));
    const result = value.changed ? `from plan ${value.former} to ${plan}` : `had plan ${plan} already`;
    return { value, result: `${result}, usage key of the ${value.usageKey}` };
  });
  const { revocationSeconds } = operator.deployment;
  report(invocation, { ...client, effectiveWithinSeconds: revocationSeconds }, [
    ...(client.isMakeshift ? [MAKESHIFT] : []),
    client.changed
      ? `Client ${clientId} has plan ${plan} instead of ${client.former}, ${within(operator.deployment)}.`
      : `Client ${clientId} has plan ${plan} already.`,
  ]);
}

const MAKESHIFT =
  'The account has no room for another usage key in this Region: the client shares that of its plan, and its limits are kept by the service alone.';

const within = ({ revocationSeconds }: Deployment): string =>
  revocationSeconds === 0 ? 'at once' : `within ${revocationSeconds} s`;

export const clientCommands: Readonly<Record<string, Command>> = {
  'clients create': { options: ['name', 'plan', 'shared-usage-key', 'reason'], run: create },
  'clients list': { options: ['plan', 'status', 'max'], run: list },
  'clients rotate': { options: ['client', 'overlap', 'now', 'end', 'reason'], run: rotate },
  'clients revoke': { options: ['client', 'reason'], run: revoke },
  'clients set-plan': { options: ['client', 'plan', 'shared-usage-key', 'reason'], run: changePlan },
};
