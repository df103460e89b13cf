import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Resource {
  Type: string;
  Properties?: Readonly<Record<string, unknown>>;
}

/** A resource that the emulator refuses to make, so that no stack with it in it could be deployed. */
export interface StandIn {
  /** In kebab case. */
  readonly name: string;
  /** What the emulator says to it, and why it may be left out. */
  readonly reason: string;
  concerns(resource: Resource): boolean;
}

/** Every resource that is replaced before the deploy. */
export const STAND_INS: readonly StandIn[] = [
  {
    name: 'math-alarm',
    reason: 'refuses an alarm on a metric expression; it has no metrics of SQS either, so that no such alarm could act',
    concerns: ({ Type, Properties }) => Type === 'AWS::CloudWatch::Alarm' && Properties?.Metrics !== undefined,
  },
  {
    name: 'rotation-schedule',
    reason: 'does not know the type, and its own RotateSecret calls no function; who rotates here invokes the steps',
    concerns: ({ Type }) => Type === 'AWS::SecretsManager::RotationSchedule',
  },
  {
    name: 'secret-policy',
    reason: 'does not know the type, and enforces no policy of a secret that it is given otherwise',
    concerns: ({ Type }) => Type === 'AWS::SecretsManager::ResourcePolicy',
  },
  {
    name: 'budget',
    reason:
      'knows no type of AWS Budgets, and has no bill that one could watch; what is spent upstream it does not see',
    concerns: ({ Type }) => Type.startsWith('AWS::Budgets::'),
  },
  {
    name: 'web-acl-association',
    reason: 'does not know the type, and evaluates no rule of the web ACL that it makes: no request would be blocked',
    concerns: ({ Type }) => Type === 'AWS::WAFv2::WebACLAssociation',
  },
  {
    name: 'web-acl-log',
    reason: 'does not know the type, and has nothing to log, as no request reaches a web ACL',
    concerns: ({ Type }) => Type === 'AWS::WAFv2::LoggingConfiguration',
  },
];

/** What stands in: a resource that is nothing, and that every emulator of CloudFormation can make. */
const NOTHING: Resource = { Type: 'AWS::CloudFormation::WaitConditionHandle' };

/**
 * Replaces in the templates of a synthesised assembly what the emulator refuses; the product's own templates stay as
 * they are. Answers the logical ids of what was replaced, by the name of the stand-in.
 */
export function standIn(assembly: string, standIns: readonly StandIn[] = STAND_INS): Record<string, string[]> {
  const replaced: Record<string, string[]> = {};
  for (const file of readdirSync(assembly).filter((name) => name.endsWith('.template.json'))) {
    const path = join(assembly, file);
    const text = readFileSync(path, 'utf8');
    const template = JSON.parse(text) as { Resources: Record<string, Resource> };
    for (const [id, resource] of Object.entries(template.Resources)) {
      const found = standIns.find((candidate) => candidate.concerns(resource));
      if (!found) continue;
      template.Resources[id] = { ...NOTHING };
      replaced[found.name] = [...(replaced[found.name] ?? []), id];
    }
    const changed = JSON.stringify(template, undefined, 1);
    writeFileSync(path, changed);
    rename(assembly, hashOf(text), hashOf(changed));
  }
  return replaced;
}

/** The name under which the CDK publishes a template. */
const hashOf = (template: string): string => createHash('sha256').update(template).digest('hex');

/** Gives a template its new name in the assembly: under the old one an earlier deploy may have published another. */
function rename(assembly: string, from: string, to: string): void {
  for (const file of readdirSync(assembly).filter((name) => /^manifest\.json$|\.assets\.json$/.test(name))) {
    const path = join(assembly, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from, to));
  }
}
