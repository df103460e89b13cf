import { RotationStep, type RotationStepValue } from '../../../lib/contract/rotation';
import { RotationEventError } from './errors';

/** What Secrets Manager invokes a rotator with. */
export interface RotationEvent {
  readonly SecretId: string;
  /** Names the rotation and the version that it makes. */
  readonly ClientRequestToken: string;
  readonly Step: RotationStepValue;
}

const STEPS: ReadonlySet<unknown> = new Set(Object.values(RotationStep));
/** What Secrets Manager allows as the id of a version. */
const isToken = (value: unknown): boolean => typeof value === 'string' && value.length >= 32 && value.length <= 64;

/** @throws RotationEventError naming every field that is wrong, and what it must be. */
export const parseRotationEvent = (event: unknown): RotationEvent => {
  const { SecretId, ClientRequestToken, Step } = (event ?? {}) as Record<string, unknown>;
  const problems = [
    typeof SecretId === 'string' && SecretId !== '' ? undefined : '`SecretId` must be a text',
    isToken(ClientRequestToken) ? undefined : '`ClientRequestToken` must be a text of 32 to 64 characters',
    STEPS.has(Step) ? undefined : `\`Step\` must be one of ${[...STEPS].join(', ')}`,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new RotationEventError(`Not an event of a rotation: ${problems.join('; ')}.`);
  return { SecretId, ClientRequestToken, Step } as RotationEvent;
};
