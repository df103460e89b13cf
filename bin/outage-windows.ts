/** What an outage of the upstream means, unless an environment says otherwise; the defaults of `OutageSettings`. */
export const OUTAGE = {
  breakerFailures: 5,
  breakerOpenSeconds: 30,
  breakerMaxOpenSeconds: 60,
  resumeStepSeconds: 30,
  outagePatienceSeconds: 86_400,
  stuckAfterSeconds: 900,
} as const;

/**
 * Short windows, so that a drill of an outage takes seconds; and more failures than the 15 calls that one poisoned job
 * makes, so that it ends in the dead-letter queue alone.
 */
export const LOCAL_OUTAGE = {
  ...OUTAGE,
  breakerFailures: 20,
  breakerOpenSeconds: 3,
  breakerMaxOpenSeconds: 6,
  resumeStepSeconds: 2,
  stuckAfterSeconds: 60,
} as const;
