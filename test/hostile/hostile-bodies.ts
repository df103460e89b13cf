import { seededRandom } from '../promises/fleet/seeded-random';
import type { HostileBody, HostileFamily } from './hostile-body';
import { STRUCTURE_FAMILIES } from './structure-families';
import { TEXT_FAMILIES } from './text-families';

/** Every family of hostile bodies, by name. */
export const HOSTILE_FAMILIES: Readonly<Record<string, HostileFamily>> = { ...STRUCTURE_FAMILIES, ...TEXT_FAMILIES };

/** How many of a thousand bodies a family has that is not like the others; those share the rest evenly. */
const SHARES: Readonly<Record<string, number>> = {
  mutated: 200,
  // These are long, or become jobs that are run.
  'suspicious prompt': 20,
  'nearly too large': 2,
  'too large': 4,
  'too long a text': 4,
  'many fields': 10,
};

/** A hostile body with the name of its family. */
export interface NamedHostileBody extends HostileBody {
  readonly family: string;
}

/** As many hostile bodies as are wanted, in an order that is the same for the same seed. */
export function* hostileBodies(seed: number, count: number): Generator<NamedHostileBody> {
  const random = seededRandom(seed);
  const families = Object.keys(HOSTILE_FAMILIES);
  const shared = families.filter((family) => SHARES[family] === undefined);
  const rest = 1_000 - Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  const draw = (): string => {
    let place = random() * 1_000;
    for (const family of families) {
      place -= SHARES[family] ?? rest / shared.length;
      if (place < 0) return family;
    }
    return 'mutated';
  };
  for (let made = 0; made < count; made += 1) {
    // Each family once first, so that none is missing, however few are wanted.
    const family = families[made] ?? draw();
    const make = HOSTILE_FAMILIES[family] as HostileFamily;
    yield { family, ...make(random) };
  }
}
