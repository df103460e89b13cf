import { type App, CliCredentialsStackSynthesizer, Tags } from 'aws-cdk-lib';
import { GithubSubjectFormat } from '../lib/delivery/github-subjects';
import { DeliveryStack } from '../lib/stacks/delivery-stack';
import { ENVIRONMENTS } from './environments';

/** Which environments GitHub deploys to, and whether a pull request may read there: prod's metadata is nobody's draft. */
const DELIVERED = [
  { name: 'dev', pullRequestDiff: true },
  { name: 'staging', pullRequestDiff: true },
  { name: 'prod', pullRequestDiff: false },
] as const;

/**
 * Puts one `DeliveryStack` for each account of the environments into the app. `-c owner=`, `-c ownerId=`, `-c repo=` and
 * `-c repoId=` say for which repository, `-c subjectFormat=` how its subjects look (`immutable` unless given).
 *
 * @param environments where each environment is; a test may bring its own
 * @throws ConstructConfigError naming every value that is missing or bad
 */
export function composeDelivery(
  app: App,
  environments: Record<(typeof DELIVERED)[number]['name'], { account: string; region: string }> = ENVIRONMENTS,
): DeliveryStack[] {
  const context = (key: string): string => String(app.node.tryGetContext(key) ?? '');
  const accounts = Map.groupBy(DELIVERED, ({ name }) => environments[name].account);
  Tags.of(app).add('bulwark:delivery', 'github');
  return [...accounts].map(([account, delivered]) => {
    const places = delivered.map((environment) => ({
      ...environment,
      regions: [environments[environment.name].region],
    }));
    return new DeliveryStack(app, `bulwark-delivery-${account}`, {
      env: { account, region: places[0]?.regions[0] },
      stackName: 'bulwark-delivery',
      // With the bootstrap stack's roles, whoever may deploy could change who may deploy.
      synthesizer: new CliCredentialsStackSynthesizer(),
      description: `Bulwark: what lets GitHub deploy ${delivered.map(({ name }) => name).join(', ')}.`,
      github: {
        owner: context('owner'),
        ownerId: context('ownerId'),
        repo: context('repo'),
        repoId: context('repoId'),
        subjectFormat: (context('subjectFormat') || GithubSubjectFormat.IMMUTABLE) as GithubSubjectFormat,
        environments: places,
      },
    });
  });
}
