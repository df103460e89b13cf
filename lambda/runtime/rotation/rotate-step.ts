import { RotationStep, type RotationStepValue, SecretStage } from '../../../lib/contract/rotation';
import type { Sleep } from '../clock/clock';
import type { Log } from '../observability/observability';
import { SecretMalformedError } from '../secrets/errors';
import {
  CredentialRejectedError,
  PendingValueMissingError,
  RotationConflictError,
  RotationEventError,
  RotationStageError,
} from './errors';
import { type GraceOptions, readKnownValues } from './known-values';
import { verifyPatiently } from './patience';
import { parseRotationEvent } from './rotation-event';
import type { IRotationStrategy, KnownValues } from './rotation-strategy';
import { parseSecret, type SecretValue, serializeSecret } from './secret-value';
import type { ISecretVersions, SecretDescription } from './secret-versions';

/** What a step of a rotation needs of the world. */
export interface RotationDependencies extends GraceOptions {
  readonly versions: ISecretVersions;
  readonly strategy: IRotationStrategy;
  readonly log: Log;
  readonly sleep: Sleep;
}

interface Step {
  readonly token: string;
  readonly description: SecretDescription;
  readonly dependencies: RotationDependencies;
}

/**
 * Carries out one step of a rotation, as Secrets Manager asks for it. A step that has been carried out already does
 * nothing; after a crash anywhere, the whole rotation may be begun again with the same token.
 * @throws RotationError, or the provider's or Secrets Manager's own error; the current value is current still.
 */
export const rotateStep = async (event: unknown, dependencies: RotationDependencies): Promise<void> => {
  const { SecretId, ClientRequestToken: token, Step: name } = parseRotationEvent(event);
  const description = await dependencies.versions.describe();
  if (SecretId !== description.arn && SecretId !== description.name) {
    throw new RotationEventError('The event is for another secret than the one that this function rotates.');
  }
  const stages = description.stages[token];
  if (!stages) throw new RotationStageError('The secret has no version with this token that has a label.');
  if (stages.includes(SecretStage.CURRENT)) {
    if (stages.includes(SecretStage.PENDING)) await dependencies.versions.removePending(token);
    dependencies.log.info('This version is current already', { step: name, token });
    return;
  }
  if (!stages.includes(SecretStage.PENDING)) throw new RotationStageError('The version is not `AWSPENDING`.');
  await STEPS[name]({ token, description, dependencies });
  dependencies.log.info('Carried out a step of a rotation', { step: name, token });
};

const readPending = async ({ token, dependencies }: Step): Promise<SecretValue | undefined> => {
  const text = await dependencies.versions.read({ versionId: token });
  return text ? parseSecret(text) : undefined;
};

const needPending = async (step: Step): Promise<SecretValue> => {
  const pending = await readPending(step);
  if (!pending) throw new PendingValueMissingError();
  return pending;
};

/** The current value; one that is not usable is none, so that a rotation can mend it. */
const readCurrent = async ({ dependencies: { versions, log } }: Step): Promise<SecretValue | undefined> => {
  const text = await versions.read({ stage: SecretStage.CURRENT });
  if (!text) return undefined;
  try {
    return parseSecret(text);
  } catch (error) {
    if (!(error instanceof SecretMalformedError)) throw error;
    log.warn('The current value is not usable', error);
    return undefined;
  }
};

const currentVersion = ({ stages }: SecretDescription): string | undefined =>
  Object.entries(stages).find(([, labels]) => labels.includes(SecretStage.CURRENT))?.[0];

const createSecret = async (step: Step): Promise<void> => {
  const { token, dependencies } = step;
  if (await readPending(step)) return;
  const current = await readCurrent(step);
  const value = await dependencies.strategy.generate({ token, ...(current && { current }) });
  try {
    await dependencies.versions.put(token, serializeSecret(value, currentVersion(step.description)));
  } catch (error) {
    // Any other failure may have stored it: what is stored must go on working.
    if (error instanceof RotationConflictError) await dependencies.strategy.discard(value);
    throw error;
  }
};

/** Where the current value is of no use, nobody can tell which others are: then none may be ended. */
const readKnown = async (
  pending: SecretValue,
  { versions, graceMs, now }: RotationDependencies,
): Promise<KnownValues> => {
  try {
    return await readKnownValues(versions, { graceMs, now });
  } catch (error) {
    if (error instanceof SecretMalformedError) return { keep: [pending], retirable: [] };
    throw error;
  }
};

const setSecret = async (step: Step): Promise<void> => {
  const pending = await needPending(step);
  await step.dependencies.strategy.apply(pending, await readKnown(pending, step.dependencies));
};

/** A value that is refused for good stays so: its version gives up the label, so that another rotation can begin. */
const verify = async (step: Step, pending: SecretValue): Promise<void> => {
  const { strategy, sleep } = step.dependencies;
  try {
    await verifyPatiently(() => strategy.verify(pending), sleep);
  } catch (error) {
    if (error instanceof CredentialRejectedError) await step.dependencies.versions.removePending(step.token);
    throw error;
  }
};

/** Secrets Manager runs this step by itself when a schedule is deployed, on a version without a value. */
const testSecret = async (step: Step): Promise<void> => {
  const pending = await readPending(step);
  if (pending) return verify(step, pending);
  step.dependencies.log.info('The pending version has no value: nothing to test', { token: step.token });
};

/** Verifies once more, as nothing else says that the steps before were carried out; ends no key. */
const finishSecret = async (step: Step): Promise<void> => {
  const { token, description, dependencies } = step;
  await verify(step, await needPending(step));
  await dependencies.versions.promote(token, currentVersion(description));
  await dependencies.versions.removePending(token);
};

const STEPS: Readonly<Record<RotationStepValue, (step: Step) => Promise<void>>> = {
  [RotationStep.CREATE]: createSecret,
  [RotationStep.SET]: setSecret,
  [RotationStep.TEST]: testSecret,
  [RotationStep.FINISH]: finishSecret,
};
