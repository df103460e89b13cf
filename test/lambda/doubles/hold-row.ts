import { CONSUMER_HOLD, type HoldRow, HoldStatus, holdRowName } from '../../../lib/contract/consumer-hold';

export const holdRow = (overrides: Partial<HoldRow> = {}): HoldRow => ({
  name: holdRowName(CONSUMER_HOLD),
  revision: 1,
  status: HoldStatus.HELD,
  changedAt: 0,
  reason: 'the cap of the day is used up',
  by: 'control-spend',
  cutAt: 0,
  throttles: {},
  ...overrides,
});
