import { DEFAULT_PLAN, type PlansByName, parsePlans } from '../../../lib/contract/client-plan';
import type { Field } from '../environment/read-environment';

/** A variable that holds plans by their names as JSON, the default plan among them. */
export const planTable = (key: string): Field<PlansByName> => ({
  key,
  parse: (value) => {
    const plans = parsePlans(value ?? '');
    if (!plans) throw new RangeError(`must be plans by their names as JSON, with one that is named ${DEFAULT_PLAN}`);
    return plans;
  },
});
