import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { DEFAULT_SECRET_CACHE_MS } from '../contract/rotation';
import type { PropRule } from './prop-rule';

/** When a secret rotates, and how long what is replaced works on. */
export interface RotationTimingProps {
  /**
   * When the secret rotates: a cron expression of whole hours in UTC. `rate()` is refused, as it counts anew from each
   * change of the schedule and may rotate at a deployment.
   *
   * @default - 03:00 UTC on the first day of each month
   */
  readonly schedule?: events.Schedule;

  /**
   * Time that a reader uses a value that it has read.
   *
   * @default Duration.minutes(5)
   */
  readonly cacheTime?: Duration;

  /**
   * Longest call that a reader makes with the value.
   *
   * @default Duration.minutes(15)
   */
  readonly longestCall?: Duration;

  /**
   * Time that a replaced value works on: at least `cacheTime` and `longestCall` together.
   *
   * @default - a day, or that sum where it is longer
   */
  readonly gracePeriod?: Duration;

  /**
   * Age of the value from which on somebody is told that it does not rotate: at least a day, and longer than any two of
   * the schedule's dates are apart.
   *
   * @default Duration.days(45)
   */
  readonly maxAge?: Duration;
}

/** The same with every default filled in. */
export interface RotationTiming {
  readonly schedule: events.Schedule;
  readonly cacheTime: Duration;
  readonly longestCall: Duration;
  readonly gracePeriod: Duration;
  readonly maxAge: Duration;
}

const DAY = Duration.days(1);

/** Fields of a cron expression; of these Secrets Manager demands the minute and the year. */
const CRON = /^cron\(0 \S+ \S+ \S+ \S+ \*\)$/;

export function rotationTiming(props: RotationTimingProps): RotationTiming {
  const cacheTime = props.cacheTime ?? Duration.millis(DEFAULT_SECRET_CACHE_MS);
  const longestCall = props.longestCall ?? Duration.minutes(15);
  const inUse = cacheTime.plus(longestCall);
  return {
    schedule: props.schedule ?? events.Schedule.cron({ minute: '0', hour: '3', day: '1' }),
    cacheTime,
    longestCall,
    gracePeriod: props.gracePeriod ?? (inUse.toMilliseconds() > DAY.toMilliseconds() ? inUse : DAY),
    maxAge: props.maxAge ?? Duration.days(45),
  };
}

/** What the settings must meet. */
export function timingRules({ schedule, cacheTime, longestCall, gracePeriod, maxAge }: RotationTiming): PropRule[] {
  const inUse = cacheTime.plus(longestCall);
  return [
    {
      prop: 'schedule',
      rule: 'must be a cron expression at minute 0 of any year, in UTC, and never a rate',
      got: schedule.expressionString,
      holds: CRON.test(schedule.expressionString),
    },
    {
      prop: 'gracePeriod',
      rule: `must be at least \`cacheTime\` and \`longestCall\` together, ${inUse.toSeconds({ integral: false })} seconds`,
      got: `${gracePeriod.toSeconds({ integral: false })} seconds`,
      holds: gracePeriod.toMilliseconds() >= inUse.toMilliseconds(),
    },
    {
      prop: 'maxAge',
      rule: 'must be at least a day',
      got: maxAge.toHumanString(),
      holds: maxAge.toMilliseconds() >= DAY.toMilliseconds(),
    },
  ];
}
