import type { PlanThrottle } from '../../lib/contract/consumer-hold';
import type { Field } from '../runtime/environment/read-environment';

type Throttles = Readonly<Record<string, PlanThrottle>>;

const isLimit = (value: unknown): value is number => typeof value === 'number' && value > 0;

const throttleOf = (value: unknown): PlanThrottle | undefined => {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [rateLimit, burstLimit] = value;
  return isLimit(rateLimit) && isLimit(burstLimit) ? { rateLimit, burstLimit } : undefined;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The deployed throttles of usage plans by their ids, from JSON such as `{"id": [10, 20]}`; must be set. */
export const usagePlans = (key: string): Field<Throttles> => ({
  key,
  parse: (text) => {
    const value = parse(text ?? '');
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    const throttles = entries.flatMap(([id, limits]) => {
      const throttle = throttleOf(limits);
      return throttle ? [[id, throttle] as const] : [];
    });
    if (throttles.length === 0 || throttles.length < entries.length) {
      throw new RangeError('must be JSON of at least one usage plan, such as {"id": [10, 20]}, with limits above 0');
    }
    return Object.fromEntries(throttles);
  },
});
