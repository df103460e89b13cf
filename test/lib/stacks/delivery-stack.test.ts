import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { composeDelivery } from '../../../bin/delivery-stacks';
import { DeliveryStack } from '../../../lib';

const { context } = JSON.parse(readFileSync(join(__dirname, '../../../cdk.json'), 'utf8'));

const REPOSITORY = { owner: 'acme', ownerId: '1001', repo: 'shop', repoId: '2002' };
const ENV = { account: '111122223333', region: 'eu-west-1' };

const appFor = (given: Record<string, string> = REPOSITORY) => new App({ context: { ...context, ...given } });

const everyWhere = (account: (name: string) => string) => ({
  dev: { account: account('dev'), region: 'eu-west-1' },
  staging: { account: account('staging'), region: 'eu-west-2' },
  prod: { account: account('prod'), region: 'eu-west-3' },
});

describe('DeliveryStack', () => {
  test('prints the role of each environment, and that of the pull requests', () => {
    const stack = new DeliveryStack(appFor(), 'delivery', {
      env: ENV,
      github: {
        ...REPOSITORY,
        environments: [
          { name: 'eu-prod', qualifier: 'prod' },
          { name: 'dev', pullRequestDiff: true },
        ],
      },
    });

    const outputs = Template.fromStack(stack).toJSON().Outputs;
    expect(Object.keys(outputs).sort()).toEqual(['DeployRoleArnDev', 'DeployRoleArnEuProd', 'DiffRoleArn']);
    expect(outputs.DeployRoleArnEuProd.Value).toEqual(stack.resolve(stack.deployer.roleOf('eu-prod').roleArn));
    expect(outputs.DiffRoleArn.Value).toEqual(stack.resolve(stack.deployer.diffRole?.roleArn));
  });

  test('is protected against its own deletion unless told otherwise', () => {
    const stackWith = (terminationProtection?: boolean) =>
      new DeliveryStack(appFor(), 'delivery', {
        env: ENV,
        terminationProtection,
        github: { ...REPOSITORY, environments: [{ name: 'prod' }] },
      });

    expect(stackWith().terminationProtection).toBe(true);
    expect(stackWith(false).terminationProtection).toBe(false);
  });
});

describe('the app of the delivery', () => {
  test('has a stack for each account, of the same name, with the environments that are there', () => {
    const stacks = composeDelivery(
      appFor(),
      everyWhere((name) => (name === 'prod' ? '777788889999' : '111122223333')),
    );

    expect(stacks.map(({ stackName, account, region }) => ({ stackName, account, region }))).toEqual([
      { stackName: 'bulwark-delivery', account: '111122223333', region: 'eu-west-1' },
      { stackName: 'bulwark-delivery', account: '777788889999', region: 'eu-west-3' },
    ]);
    expect(stacks.map((stack) => Object.keys(Template.fromStack(stack).toJSON().Outputs))).toEqual([
      ['DeployRoleArnDev', 'DeployRoleArnStaging', 'DiffRoleArn'],
      ['DeployRoleArnProd'],
    ]);
  });

  test('is deployed by its administrator, not by the roles that it hands out', () => {
    const app = appFor();
    const stacks = composeDelivery(app);

    for (const stack of stacks) {
      const { assumeRoleArn, cloudFormationExecutionRoleArn } = app.synth().getStackArtifact(stack.artifactId);
      expect({ assumeRoleArn, cloudFormationExecutionRoleArn }).toEqual({});
    }
  });

  test('the AwsSolutions pack finds nothing, and nothing is acknowledged', () => {
    for (const stack of composeDelivery(appFor())) {
      expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
      expect(stack.node.findAll().flatMap(({ node }) => node.metadata)).toEqual(
        expect.not.arrayContaining([expect.objectContaining({ type: expect.stringMatching(/acknowledged/i) })]),
      );
    }
  });

  test('without a repository it says all that is missing', () => {
    expect(() => composeDelivery(appFor({ subjectFormat: '*' }))).toThrow(
      /`owner` .*got: ; `ownerId` .*; `repo` .*; `repoId` .*; `subjectFormat` must be one of immutable, legacy, both, got: \*$/,
    );
  });
});
