import { nothingLost } from './p1-nothing-lost';
import { capIsTheCap } from './p2-cap-is-the-cap';
import { outageStaysUpstream } from './p3-outage-stays-upstream';
import { rotationDropsNothing } from './p4-rotation-drops-nothing';
import type { PromiseDrill } from './promise';

/** Every promise that has a drill, in the order of the design. */
export const ALL_DRILLS: readonly PromiseDrill[] = [
  nothingLost,
  capIsTheCap,
  outageStaysUpstream,
  rotationDropsNothing,
];
