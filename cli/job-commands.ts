import { jobIdOf, reasonOf } from './arguments';
import { audited } from './audit';
import { type Command, type Invocation, operatorOf, readTarget, report } from './command';
import { describeFailure, type JobRow, MASK } from './job-rows';
import { OperatedJobs } from './jobs';

async function show(invocation: Invocation): Promise<void> {
  readTarget(invocation.args);
  const jobId = jobIdOf(invocation.args);
  const row = await new OperatedJobs(await operatorOf(invocation)).show(jobId);
  report(
    invocation,
    { ...row, failure: row.failure && { reason: row.failure.reason, text: describeFailure(row.failure) } },
    describe(row),
  );
}

/** A job for people: what is sealed is masked. */
function describe(row: JobRow): string[] {
  const { reservation, usage, leaseUntil } = row;
  const entries: [string, string | number | undefined][] = [
    ['job', row.jobId],
    ['client', row.clientId],
    ['correlation', row.correlationId],
    ['status', row.status],
    ['reason', describeFailure(row.failure)],
    ['model', row.model],
    ['labels', row.labels?.join(', ')],
    ['created', row.createdAt],
    ['updated', row.updatedAt],
    ['completed', row.completedAt],
    ['kept until', new Date(row.expiresAt * 1000).toISOString()],
    ['lease', leaseUntil === undefined ? undefined : `${row.leaseOwner} until ${new Date(leaseUntil).toISOString()}`],
    ['runs', row.fence],
    ['paid calls', row.upstreamCalls],
    ['tokens at most', reservation && `${reservation.inputTokens} in, ${reservation.outputTokens} out`],
    ['tokens used', usage && `${usage.inputTokens} in, ${usage.outputTokens} out`],
    ['request', MASK],
  ];
  return entries.map(([name, value]) => `${name.padEnd(15)}${value ?? '-'}`);
}

type Change = 'retry' | 'cancel';

const SAYS: Readonly<Record<Change, (jobId: string) => string>> = {
  retry: (jobId) => `Job ${jobId} is queued again.`,
  cancel: (jobId) => `Job ${jobId} is cancelled: it ended \`failed\`, and no call is made for it.`,
};

const change =
  (kind: Change): Command['run'] =>
  async (invocation) => {
    readTarget(invocation.args);
    const jobId = jobIdOf(invocation.args);
    const reason = reasonOf(invocation.args);
    const operator = await operatorOf(invocation);
    const { status } = await audited(operator, { what: `jobs.${kind}`, on: jobId, reason }, async () => {
      const value = await new OperatedJobs(operator)[kind](jobId);
      return { value, result: value.status };
    });
    report(invocation, { jobId, status }, [SAYS[kind](jobId)]);
  };

export const jobCommands: Readonly<Record<string, Command>> = {
  'jobs show': { options: ['job'], run: show },
  'jobs retry': { options: ['job', 'reason'], run: change('retry') },
  'jobs cancel': { options: ['job', 'reason'], run: change('cancel') },
};
