import type { DeadLetter } from './dead-letter';
import type { DeadLetterQueue } from './dead-letter-queue';

/** Seconds that a letter which was looked at is hidden from others, and from this walk. */
export const HOLD_SECONDS = 120;

/** Receives in a row without a new letter after which everything has been seen. */
const LAST_RECEIVES = 2;

/**
 * Goes through the queue once, batch by batch. Letters that the visitor does not delete are given back at the end,
 * however it ends; a process that is killed leaves them hidden for two minutes.
 *
 * @param visit answers whether to go on
 */
export async function walk(
  queue: Pick<DeadLetterQueue, 'receive' | 'giveBack'>,
  signal: AbortSignal,
  visit: (letters: readonly DeadLetter[]) => Promise<{ readonly kept: readonly DeadLetter[]; readonly goOn: boolean }>,
): Promise<void> {
  const seen = new Set<string>();
  const kept = new Map<string, DeadLetter>();
  try {
    let goOn = true;
    for (let stale = 0; goOn && stale < LAST_RECEIVES && !signal.aborted; ) {
      const letters = await queue.receive(HOLD_SECONDS);
      const fresh = letters.filter(({ messageId }) => !seen.has(messageId));
      stale = fresh.length === 0 ? stale + 1 : 0;
      // Kept before the visit, so that a visit that fails gives all of them back.
      for (const letter of letters) kept.set(letter.messageId, letter);
      for (const { messageId } of fresh) seen.add(messageId);
      if (fresh.length === 0) continue;
      const visited = await visit(fresh);
      const staying = new Set(visited.kept.map(({ messageId }) => messageId));
      for (const { messageId } of fresh) if (!staying.has(messageId)) kept.delete(messageId);
      goOn = visited.goOn;
    }
  } finally {
    await queue.giveBack([...kept.values()]);
  }
}
