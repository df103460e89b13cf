import { createStackAnnouncer, explainCdkFailure } from '../../local/deploy';

test.each([
  [
    'stack | 3/9 | 8:23:49 PM | CREATE_FAILED | AWS::SQS::Queue | WorkQueue (WorkQueue) bad value\nmore',
    'stack | 3/9 | 8:23:49 PM | CREATE_FAILED | AWS::SQS::Queue | WorkQueue (WorkQueue) bad value',
  ],
  ['noise\n❌  bulwark-local-data failed: Error: no bucket', 'bulwark-local-data failed: Error: no bucket'],
  [
    'x\nbulwark: environment local: `region` must be like `eu-west-1`',
    'bulwark: environment local: `region` must be like `eu-west-1`',
  ],
  ['', 'no output'],
])('the line that says best why the CLI failed', (output, line) => {
  expect(explainCdkFailure(output)).toBe(line);
});

test('announces each stack once when it starts and once when it is done', () => {
  const lines: string[] = [];
  const announce = createStackAnnouncer({ step: (text) => lines.push(text), result: () => undefined });
  const output = [
    'a-stack |   0 | 8:41:33 PM | CREATE_IN_PROGRESS | AWS::SQS::Queue | Queue',
    'a-stack |   1 | 8:41:33 PM | CREATE_COMPLETE | AWS::SQS::Queue | Queue',
    '',
    ' ✅  a-stack',
    'b-stack |   0 | 8:41:34 PM | CREATE_IN_PROGRESS | AWS::SQS::Queue | Queue',
  ];
  for (const line of output) announce(line);
  expect(lines).toEqual(['Deploying a-stack', 'Deployed a-stack', 'Deploying b-stack']);
});
