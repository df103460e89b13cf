import { age } from '../age';
import { describeFailure, MASK } from '../job-rows';
import { type DeadLetter, reasonOfLetter } from './dead-letter';

/** What is shown of a letter: identifiers, numbers, states. */
export function letterView(letter: DeadLetter, nowMs: number) {
  const { messageId, jobId, row, receives, sentAtMs, body } = letter;
  return {
    messageId,
    jobId: jobId ?? null,
    clientId: row?.clientId ?? null,
    status: row?.status ?? null,
    reason: reasonOfLetter(letter),
    ageSeconds: Math.floor(Math.max(0, nowMs - sentAtMs) / 1000),
    receives,
    upstreamCalls: row?.upstreamCalls ?? null,
    bytes: Buffer.byteLength(body),
  };
}

export type LetterView = ReturnType<typeof letterView>;

const HEADINGS = ['JOB', 'CLIENT', 'STATUS', 'REASON', 'AGE', 'RECEIVES'];

/** A line a letter under a line of headings; nothing where there is none. */
export function letterTable(views: readonly LetterView[]): string[] {
  if (views.length === 0) return [];
  const rows = [
    HEADINGS,
    ...views.map(({ jobId, messageId, clientId, status, reason, ageSeconds, receives }) => [
      jobId ?? `(message ${messageId})`,
      clientId ?? '-',
      status ?? '-',
      reason,
      age(ageSeconds * 1000),
      String(receives),
    ]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A letter from near. What it says, and what its job sealed, is masked. */
export function peekView(letter: DeadLetter, nowMs: number) {
  const { row, correlationId, sentAtMs } = letter;
  return {
    ...letterView(letter, nowMs),
    correlationId: row?.correlationId ?? (SANE_ID.test(correlationId ?? '') ? correlationId : null) ?? null,
    firstQueuedAt: new Date(sentAtMs).toISOString(),
    failure: describeFailure(row?.failure),
    model: row?.model ?? null,
    labels: row?.labels ?? [],
    createdAt: row?.createdAt ?? null,
    updatedAt: row?.updatedAt ?? null,
    requestTokens: row?.reservation?.inputTokens ?? null,
    answerTokens: row?.reservation?.outputTokens ?? null,
    body: MASK,
    sealedRequest: row ? MASK : null,
  };
}

export type PeekView = ReturnType<typeof peekView>;

/** As the service makes them: anything else in a message may be anybody's text. */
const SANE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** A paragraph a letter. */
export function letterLines(view: PeekView): string[] {
  const entries: [string, string | number | null][] = [
    ['message', `${view.messageId}, ${view.bytes} bytes, received ${view.receives} times`],
    ['first queued', `${view.firstQueuedAt} (${age(view.ageSeconds * 1000)} ago)`],
    ['job', view.jobId],
    ['client', view.clientId],
    ['correlation', view.correlationId],
    ['status', view.status],
    ['reason', view.failure === '-' ? view.reason : view.failure],
    ['model', view.model],
    ['labels', view.labels.join(', ') || null],
    ['created', view.createdAt],
    ['updated', view.updatedAt],
    ['paid calls', view.upstreamCalls],
    ['tokens at most', view.requestTokens === null ? null : `${view.requestTokens} in, ${view.answerTokens} out`],
    ['body', view.body],
    ['request', view.sealedRequest],
  ];
  return [...entries.map(([name, value]) => `${name.padEnd(15)}${value ?? '-'}`), ''];
}
