import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';

/** How the service stops calling an upstream that fails, and comes back. */
export interface OutageSettings {
  /**
   * Failed calls that one process must have seen within 30 seconds before the breaker opens, between 1 and 10 000.
   *
   * @default 5
   */
  readonly failures?: number;

  /**
   * Percent of the calls in those 30 seconds that must have failed as well, between 1 and 100.
   *
   * @default 50
   */
  readonly failurePercent?: number;

  /**
   * Duration above which a call counts as failed although it succeeded, in whole milliseconds.
   *
   * @default - no call is too slow
   */
  readonly slowCall?: Duration;

  /**
   * How long the breaker stays open before the first probe, between 1 second and 1 day.
   *
   * @default Duration.seconds(30)
   */
  readonly openFor?: Duration;

  /**
   * How long it stays open at most after probes that failed one after another: at least `openFor`, at most 1 day.
   *
   * @default - `openFor`, or 1 minute where that is longer
   */
  readonly openForAtMost?: Duration;

  /**
   * Probes in a row that must succeed before the breaker closes, between 1 and 100.
   *
   * @default 2
   */
  readonly successesToClose?: number;

  /**
   * Time between two steps of the consumer that is resumed, each of which doubles its concurrency: between 1 second and
   * 15 minutes.
   *
   * @default Duration.seconds(30)
   */
  readonly resumeStep?: Duration;

  /**
   * How long a job is sent anew that meets nothing but failures of the upstream, counted from its own first failure:
   * between 1 minute and 14 days. Longer than any outage that no job is to be given up for.
   *
   * @default Duration.days(1)
   */
  readonly patience?: Duration;

  /**
   * How long a job may wait in the queue before it is sent again, as its message may be lost: between 1 minute and
   * 14 days. Neither the time for which the breaker is not closed counts nor the delay of a job that was sent anew, so
   * that it may be shorter than the longest delay, and need not follow the queue's visibility timeout: a job whose
   * worker died is found by the end of its lease.
   *
   * @default Duration.minutes(15)
   */
  readonly stuckAfter?: Duration;

  /**
   * How long the breaker may stay not closed before the alarm `breakerOpen` begins, between 1 minute and 1 day.
   *
   * @default Duration.minutes(15)
   */
  readonly openAlarmAfter?: Duration;
}

/** The settings with their defaults filled in. */
export type ResolvedOutageSettings = Required<Omit<OutageSettings, 'slowCall'>> & Pick<OutageSettings, 'slowCall'>;

const isLongerThanAMinute = (duration: Duration): boolean =>
  duration.isUnresolved() || duration.toSeconds({ integral: false }) > 60;

/** Fills in the defaults. @throws ConstructConfigError naming every setting that is out of its range */
export function outageSettings(scope: Construct, id: string, given: OutageSettings = {}): ResolvedOutageSettings {
  const openFor = given.openFor ?? Duration.seconds(30);
  const settings = {
    failures: given.failures ?? 5,
    failurePercent: given.failurePercent ?? 50,
    slowCall: given.slowCall,
    openFor,
    openForAtMost: given.openForAtMost ?? (isLongerThanAMinute(openFor) ? openFor : Duration.minutes(1)),
    successesToClose: given.successesToClose ?? 2,
    resumeStep: given.resumeStep ?? Duration.seconds(30),
    patience: given.patience ?? Duration.days(1),
    stuckAfter: given.stuckAfter ?? Duration.minutes(15),
    openAlarmAfter: given.openAlarmAfter ?? Duration.minutes(15),
  };
  const check = new ConfigCheck(scope, id)
    .integer('outage.failures', settings.failures, 1, 10_000)
    .integer('outage.failurePercent', settings.failurePercent, 1, 100)
    .integer('outage.successesToClose', settings.successesToClose, 1, 100);
  const within = (prop: keyof OutageSettings, value: Duration, min: number, max: number) => {
    if (value.isUnresolved()) {
      check.require(false, `outage.${prop}`, 'must be known at synthesis', 'a duration that is not');
      return;
    }
    const seconds = value.toSeconds({ integral: false });
    check.require(
      Number.isInteger(seconds) && seconds >= min && seconds <= max,
      `outage.${prop}`,
      `must be whole seconds between ${min} and ${max}`,
      `${seconds} seconds`,
    );
  };
  within('openFor', settings.openFor, 1, 86_400);
  const least = settings.openFor.isUnresolved() ? 1 : settings.openFor.toSeconds({ integral: false });
  within('openForAtMost', settings.openForAtMost, least, 86_400);
  within('resumeStep', settings.resumeStep, 1, 900);
  within('patience', settings.patience, 60, 14 * 86_400);
  within('stuckAfter', settings.stuckAfter, 60, 14 * 86_400);
  within('openAlarmAfter', settings.openAlarmAfter, 60, 86_400);
  check.throwProblems();
  return settings;
}
