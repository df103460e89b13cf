import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readEnvironment } from '../../bin/environments';
import { composeService } from '../../bin/service';

const compose = (webAcl: boolean) => {
  const environment = readEnvironment((key) => (key === 'env' ? 'dev' : undefined));
  const { service } = composeService(new App(), { ...environment, webAcl });
  const found = new AwsSolutionsChecks().validateScope(service).violations.map(({ ruleName }) => ruleName);
  return { template: Template.fromStack(service), found };
};

test.each([
  [true, 1],
  [false, 0],
])('with `webAcl` %s an environment for development has %i, and cdk-nag has its answer', (webAcl, count) => {
  const { template, found } = compose(webAcl);
  for (const type of ['WebACL', 'WebACLAssociation', 'LoggingConfiguration']) {
    template.resourceCountIs(`AWS::WAFv2::${type}`, count);
  }
  expect(found).toEqual([]);
});
