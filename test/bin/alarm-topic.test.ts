import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readEnvironment } from '../../bin/environments';
import { composeService } from '../../bin/service';

const { context } = JSON.parse(readFileSync(join(__dirname, '../../cdk.json'), 'utf8'));
const alarmTopicArn = 'arn:aws:sns:ap-northeast-2:777788889999:on-call';

/** Both templates of prod, as the command line makes them. */
function compose(given: Record<string, string>): Template[] {
  const values: Record<string, string> = { env: 'prod', ...given };
  const { data, service } = composeService(
    new App({ context }),
    readEnvironment((key) => values[key]),
  );
  return [Template.fromStack(data), Template.fromStack(service)];
}

test('the topic of the environment is told of every alarm of both stacks, and of failed rotations', () => {
  const templates = compose({ alarmTopicArn });

  for (const template of templates) {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    expect(alarms.length).toBeGreaterThan(0);
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({ AlarmActions: [alarmTopicArn], OKActions: [alarmTopicArn] });
    }
  }
  const rules = Object.values(templates[0]?.findResources('AWS::Events::Rule') ?? {});
  const targets = rules
    .filter(({ Properties }) => Properties.EventPattern)
    .map(({ Properties }) => Properties.Targets.map(({ Arn }: { Arn: unknown }) => Arn));
  // Uploads and their scans are work for the inspector, not news for a person.
  const uploads = [{ 'Fn::GetAtt': ['UploadsQueue', 'Arn'] }];
  expect(targets).toEqual([expect.arrayContaining([alarmTopicArn]), uploads, uploads]);
});

test('without a topic the alarms and the rule are there all the same, and tell nobody', () => {
  const [data] = compose({});

  data?.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'TriggeredRules' });
  for (const { Properties } of Object.values(data?.findResources('AWS::CloudWatch::Alarm') ?? {})) {
    expect(Properties.AlarmActions).toBeUndefined();
  }
});
