import { HealthStatus } from '../lib/contract/health';
import { checkAddress } from './arguments';
import { type Command, type Invocation, operatorOf, readTarget, report } from './command';
import { isEmulated } from './deployment';
import { type DoctorReport, examine } from './doctor';
import { CommandFailure } from './failure';

async function doctor(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  readTarget(args);
  const given = args['api-url'] === undefined ? undefined : checkAddress('--api-url', args['api-url']);
  const operator = await operatorOf(invocation);
  const apiUrl = given ?? (isEmulated(operator.access) ? undefined : operator.deployment.apiUrl);
  const outcome = await examine(operator, apiUrl);
  report(invocation, outcome, linesOf(outcome));
  if (outcome.status !== HealthStatus.OK) {
    const bad = outcome.findings.filter(
      ({ status }) => status === HealthStatus.DOWN || status === HealthStatus.DEGRADED,
    );
    throw new CommandFailure(
      `${operator.deployment.environment} is ${outcome.status}: ${bad.map(({ name }) => name).join(', ')}`,
    );
  }
}

function linesOf({ findings }: DoctorReport): string[] {
  return findings.flatMap(({ name, status, says, next }) => [
    `${status.padEnd(9)} ${name.padEnd(14)} ${says}`,
    ...(next ? [`${' '.repeat(25)}-> ${next}`] : []),
  ]);
}

export const doctorCommands: Readonly<Record<string, Command>> = { doctor: { options: ['api-url'], run: doctor } };
