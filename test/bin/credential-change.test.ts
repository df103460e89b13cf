import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ENVIRONMENTS, type Environment, UPSTREAM_CREDENTIAL_NAMES } from '../../bin/environments';
import { composeService } from '../../bin/service';

const { context } = JSON.parse(readFileSync(join(__dirname, '../../cdk.json'), 'utf8'));

const federation = {
  federationRuleId: 'fdrl_1',
  organizationId: '6f1c7a52-5d1a-4a53-9a1b-2f3c4d5e6f70',
  serviceAccountId: 'svac_1',
};

/** What the data stack exports and the service imports, with one kind of credential. */
function boundary(upstreamCredential: Environment['upstreamCredential']) {
  const environment: Environment = { ...ENVIRONMENTS.dev, name: 'dev', upstreamCredential, federation };
  const { data, service } = composeService(new App({ context }), environment);
  const outputs: { Export?: { Name: string } }[] = Object.values(Template.fromStack(data).toJSON().Outputs);
  const imports = JSON.stringify(Template.fromStack(service).toJSON()).matchAll(/"Fn::ImportValue":"([^"]+)"/g);
  return {
    exported: new Set(outputs.flatMap(({ Export }) => (Export ? [Export.Name] : []))),
    imported: [...new Set([...imports].map(([, name]) => name))],
  };
}

const boundaries = new Map(UPSTREAM_CREDENTIAL_NAMES.map((name) => [name, boundary(name)]));
const missing = (service: Environment['upstreamCredential'], data: Environment['upstreamCredential']) =>
  boundaries.get(service)?.imported.filter((name) => !boundaries.get(data)?.exported.has(name ?? ''));

test.each([
  ['keyPool', 'static'],
  ['keyPool', 'federated'],
  ['static', 'federated'],
] as const)('from %s to %s the service goes first: it needs nothing that the old data stack has not', (from, to) => {
  expect(boundaries.get(to)?.imported).not.toEqual([]);
  expect(missing(to, from)).toEqual([]);
  // What the old service still imports: why CloudFormation refuses the data stack first.
  expect(missing(from, to)).not.toEqual([]);
});

test.each([
  ['static', 'keyPool'],
  ['federated', 'static'],
  ['federated', 'keyPool'],
] as const)('from %s to %s the data stack goes first: the old service still has all that it imports', (from, to) => {
  expect(missing(from, to)).toEqual([]);
});
