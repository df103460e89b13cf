import { App, Duration, Stack, Token } from 'aws-cdk-lib';
import type { OutageSettings } from '../../../lib';
import { outageSettings } from '../../../lib/stacks/outage-settings';

const settings = (given?: OutageSettings) => outageSettings(new Stack(new App(), 'shop'), 'Service', given);

test('has the defaults that its documentation states', () => {
  expect(settings()).toEqual({
    failures: 5,
    failurePercent: 50,
    slowCall: undefined,
    openFor: Duration.seconds(30),
    openForAtMost: Duration.minutes(1),
    successesToClose: 2,
    resumeStep: Duration.seconds(30),
    patience: Duration.days(1),
    stuckAfter: Duration.minutes(15),
    openAlarmAfter: Duration.minutes(15),
  });
});

test('a window that is longer than a minute is the longest one', () => {
  expect(settings({ openFor: Duration.minutes(3) }).openForAtMost.toSeconds()).toBe(180);
});

test.each<OutageSettings>([
  { failures: 1, failurePercent: 1, successesToClose: 1 },
  { failures: 10_000, failurePercent: 100, successesToClose: 100 },
  { openFor: Duration.seconds(1), openForAtMost: Duration.seconds(1) },
  { openFor: Duration.days(1) },
  { resumeStep: Duration.seconds(1), stuckAfter: Duration.minutes(1), patience: Duration.minutes(1) },
  { openAlarmAfter: Duration.minutes(1) },
  { openAlarmAfter: Duration.days(1) },
  { resumeStep: Duration.minutes(15), stuckAfter: Duration.days(14), patience: Duration.days(14) },
])('accepts %j at the bound', (given) => {
  expect(() => settings(given)).not.toThrow();
});

test.each<[OutageSettings, string]>([
  [{ failures: 0 }, '`outage.failures` must be an integer between 1 and 10000, got: 0'],
  [{ failurePercent: 101 }, '`outage.failurePercent` must be an integer between 1 and 100, got: 101'],
  [{ successesToClose: 1.5 }, '`outage.successesToClose` must be an integer between 1 and 100, got: 1.5'],
  [{ openFor: Duration.millis(500) }, '`outage.openFor` must be whole seconds between 1 and 86400, got: 0.5 seconds'],
  [
    { openFor: Duration.seconds(30), openForAtMost: Duration.seconds(29) },
    '`outage.openForAtMost` must be whole seconds between 30 and 86400, got: 29 seconds',
  ],
  [
    { resumeStep: Duration.seconds(901) },
    '`outage.resumeStep` must be whole seconds between 1 and 900, got: 901 seconds',
  ],
  [
    { openAlarmAfter: Duration.seconds(59) },
    '`outage.openAlarmAfter` must be whole seconds between 60 and 86400, got: 59 seconds',
  ],
  [
    { openAlarmAfter: Duration.seconds(86_401) },
    '`outage.openAlarmAfter` must be whole seconds between 60 and 86400, got: 86401 seconds',
  ],
  [
    { stuckAfter: Duration.seconds(59), patience: Duration.seconds(59) },
    '`outage.patience` must be whole seconds between 60 and 1209600, got: 59 seconds; `outage.stuckAfter` must be whole seconds between 60 and 1209600, got: 59 seconds',
  ],
  [
    { openFor: Duration.seconds(Token.asNumber({ Ref: 'Later' })) },
    '`outage.openFor` must be known at synthesis, got: a duration that is not; `outage.openForAtMost` must be known at synthesis, got: a duration that is not',
  ],
])('refuses %j', (given, problems) => {
  expect(() => settings(given)).toThrow(new Error(`shop/Service: ${problems}`));
});
