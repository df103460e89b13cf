import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { EnvironmentError } from '../../lambda/runtime/environment/errors';
import { type RotationEnvironment, readRotationEnvironment } from '../../lambda/runtime/rotation/rotation-environment';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { ManagedSecret } from './managed-secret';

/**
 * How a secret rotates, as its rotator is told; undefined where it does not.
 *
 * @throws CommandFailure where the rotator is of another version
 */
export async function rotationSettingsOf(
  { access }: Operator,
  { rotation }: ManagedSecret,
): Promise<RotationEnvironment | undefined> {
  if (!rotation) return undefined;
  const { Environment } = await new LambdaClient({ ...access }).send(
    new GetFunctionConfigurationCommand({ FunctionName: rotation.rotator }),
  );
  try {
    return readRotationEnvironment({ ...Environment?.Variables });
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    throw new CommandFailure(`${rotation.rotator} is of another version: deploy this one first`);
  }
}
