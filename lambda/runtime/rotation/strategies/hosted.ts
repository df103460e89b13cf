import { HostedElsewhereError } from '../errors';
import type { IRotationStrategy } from '../rotation-strategy';

const refuse = async (): Promise<never> => {
  throw new HostedElsewhereError();
};

/** Values that a function of AWS's own makes and ends; nothing here may touch them. */
export const hosted = (): IRotationStrategy => ({
  generate: refuse,
  discard: refuse,
  apply: refuse,
  verify: refuse,
  retire: async () => ({ retired: 0 }),
});
