import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { AUDIT_BEGUN, type AuditRecord, AuditTable } from '../lib/contract/control';
import type { Operator } from './command';
import { type AwsAccess, isEmulated } from './deployment';
import { CommandFailure, CommandRefusal } from './failure';

/** What the audit has of an act for which nobody gave a reason, where none is demanded. */
export const UNSTATED_REASON = 'none given';

/** What an operator is about to do. */
export interface Act extends Pick<AuditRecord, 'what' | 'on' | 'reason'> {}

/** What came of it: the audit's words, and the value for the caller. */
export interface Outcome<T> {
  readonly result: string;
  readonly value: T;
}

/**
 * Carries an act out between two audit records: `begun` before it, its outcome after it. Where the first cannot be
 * written nothing is done. A process that dies in between leaves an act that was begun and whose end is not known; that
 * is what the audit then says. A refusal or failure is an outcome too.
 *
 * @param work told who does it, as the audit has it
 * @throws CommandFailure where a record cannot be written; else what `work` throws
 */
export async function audited<T>(operator: Operator, act: Act, work: (who: string) => Promise<Outcome<T>>): Promise<T> {
  const trail = new AuditTrail(operator, act, await callerOf(operator.access));
  await trail.write(AUDIT_BEGUN).catch((error: Error) => {
    throw new CommandFailure(`nothing was done, for the audit could not be written: ${error.message}`);
  });
  let outcome: Outcome<T>;
  try {
    outcome = await work(trail.who);
  } catch (error) {
    await trail.close(resultOf(error));
    throw error;
  }
  await trail.close(outcome.result);
  return outcome.value;
}

/** A failure's words hold ids only; any other error's text may be anything, so its name has to do. */
const resultOf = (error: unknown): string => {
  if (error instanceof CommandRefusal) return `refused: ${error.message}`;
  return `failed: ${error instanceof CommandFailure ? error.message : (error as Error).name}`;
};

class AuditTrail {
  readonly #act = randomBytes(8).toString('hex');
  readonly #tables: DynamoDBDocumentClient;

  constructor(
    readonly operator: Operator,
    readonly act: Act,
    readonly who: string,
  ) {
    this.#tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...operator.access }));
  }

  async write(result: string): Promise<void> {
    const time = new Date(this.operator.now()).toISOString();
    const record: AuditRecord = {
      day: time.slice(0, 10),
      at: `${time}#${randomBytes(4).toString('hex')}`,
      act: this.#act,
      who: this.who,
      ...this.act,
      result,
    };
    await this.#tables.send(
      new PutCommand({
        TableName: this.operator.deployment.auditTable,
        Item: record,
        ConditionExpression: 'attribute_not_exists(#day)',
        ExpressionAttributeNames: { '#day': AuditTable.PARTITION_KEY },
      }),
    );
  }

  /** Writes the outcome of an act that is over, and says so where it cannot. */
  async close(result: string): Promise<void> {
    await this.write(result).catch((error: Error) => {
      throw new CommandFailure(`${result}; but the audit of act ${this.#act} could not be completed: ${error.message}`);
    });
  }
}

/** Who runs the command. */
async function callerOf(access: AwsAccess): Promise<string> {
  try {
    const { Arn } = await new STSClient({ ...access }).send(new GetCallerIdentityCommand({}));
    if (Arn) return Arn;
  } catch (error) {
    if (!isEmulated(access)) {
      throw new CommandFailure(`nothing was done, for STS does not say who you are: ${(error as Error).message}`);
    }
  }
  return 'local';
}
