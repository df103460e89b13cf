import type { RequestFault } from './errors';

/** Each fault once, in the order in which it is met first. */
export const distinctFaults = (faults: readonly RequestFault[]): RequestFault[] => [
  ...new Map(faults.map((fault) => [`${fault.pointer} ${fault.detail}`, fault])).values(),
];
