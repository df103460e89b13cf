import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { Gate } from '../gate';
import { passGates } from '../gates';
import type { Progress } from '../progress';
import { type DeadLetter, reasonOfLetter } from './dead-letter';
import { BATCH, type DeadLetterQueue } from './dead-letter-queue';
import type { LetterFilter } from './letter-filter';
import { walk } from './walk';

/** What to give back to the work queue, and how fast. */
export interface RedriveRequest {
  /** Messages a second at most. */
  readonly rate: number;
  /** Messages at most. @default - all */
  readonly max?: number;
  /** Which messages. @default - all */
  readonly filter?: LetterFilter;
  /** Gates that are asked again all the while; none with `--force`. */
  readonly gates: readonly Gate[];
}

export interface RedriveResult {
  /** Messages that the work queue took. */
  readonly moved: number;
  /** Messages that were looked at. */
  readonly examined: number;
  /** Messages moved, by reason; none where AWS moved them, for it does not look. */
  readonly byReason: Readonly<Record<string, number>>;
  /** Who moved them: this command one by one, or AWS's own move task. */
  readonly by: 'messages' | 'move-task';
}

/** Milliseconds between two looks at the gates. */
export const GATE_EVERY_MS = 5_000;

/**
 * Receives, sends, deletes. It is killed harmlessly at any point: before the send the message is here, after the delete
 * it is there, and in between it is in both, where a job's lease lets only one of them run. To go on, run it again.
 *
 * @throws CommandFailure where a gate closes on the way or the person interrupts; it says how many were moved
 */
export async function redriveMessages(
  queue: DeadLetterQueue,
  operator: Operator,
  request: RedriveRequest,
  progress: Progress,
): Promise<RedriveResult> {
  const run = new MessageRedrive(queue, operator, request, progress);
  await walk(queue, operator.signal, (letters) => run.visit(letters));
  if (operator.signal.aborted)
    throw new CommandFailure(`interrupted after ${run.moved} messages: run it again to go on`);
  return run.result();
}

class MessageRedrive {
  moved = 0;
  #examined = 0;
  readonly #byReason: Record<string, number> = {};
  #gatesAtMs: number;
  /** When the rate allows the next message. */
  #nextSendMs: number;

  constructor(
    readonly queue: DeadLetterQueue,
    readonly operator: Operator,
    readonly request: RedriveRequest,
    readonly progress: Progress,
  ) {
    this.#gatesAtMs = operator.now() + GATE_EVERY_MS;
    this.#nextSendMs = operator.now();
  }

  result(): RedriveResult {
    return { moved: this.moved, examined: this.#examined, byReason: this.#byReason, by: 'messages' };
  }

  async visit(letters: readonly DeadLetter[]): Promise<{ kept: DeadLetter[]; goOn: boolean }> {
    const { filter = () => true, max = Number.POSITIVE_INFINITY } = this.request;
    this.#examined += letters.length;
    const wanted = letters.filter(filter).slice(0, max - this.moved);
    const moved = new Set(await this.#move(wanted));
    this.progress.tell(`moved ${this.moved} of ${this.#examined} examined`);
    return { kept: letters.filter((letter) => !moved.has(letter)), goOn: this.moved < max };
  }

  /** Moves letters in steps that the rate allows; answers those that are gone from here. */
  async #move(letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const { now, sleep, signal } = this.operator;
    const stepSize = Math.min(BATCH, this.request.rate);
    const gone: DeadLetter[] = [];
    for (let from = 0; from < letters.length && !signal.aborted; from += stepSize) {
      await this.#passGates();
      await sleep(Math.max(0, this.#nextSendMs - now()), signal);
      if (signal.aborted) break;
      const step = letters.slice(from, from + stepSize);
      this.#nextSendMs = Math.max(now(), this.#nextSendMs) + (step.length * 1_000) / this.request.rate;
      gone.push(...(await this.#moveStep(step)));
    }
    return gone;
  }

  /** The order is what keeps the promise: no message is deleted here before the work queue has it. */
  async #moveStep(step: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const sent = await this.queue.send(step);
    this.moved += sent.length;
    for (const letter of sent) {
      const reason = reasonOfLetter(letter);
      this.#byReason[reason] = (this.#byReason[reason] ?? 0) + 1;
    }
    if (sent.length > 0) await this.queue.delete(sent);
    return sent;
  }

  async #passGates(): Promise<void> {
    if (this.operator.now() < this.#gatesAtMs) return;
    this.#gatesAtMs = this.operator.now() + GATE_EVERY_MS;
    try {
      await passGates(this.operator, this.request.gates);
    } catch (error) {
      throw new CommandFailure(`stopped after ${this.moved} messages: ${(error as Error).message}`);
    }
  }
}

/** What `redriveMessages` would move now; moves nothing. */
export async function rehearseRedrive(
  queue: DeadLetterQueue,
  { signal }: Operator,
  { filter = () => true, max = Number.POSITIVE_INFINITY }: Pick<RedriveRequest, 'filter' | 'max'>,
  progress: Progress,
): Promise<RedriveResult> {
  const byReason: Record<string, number> = {};
  let [moved, examined] = [0, 0];
  await walk(queue, signal, async (letters) => {
    examined += letters.length;
    for (const letter of letters.filter(filter).slice(0, max - moved)) {
      const reason = reasonOfLetter(letter);
      byReason[reason] = (byReason[reason] ?? 0) + 1;
      moved += 1;
    }
    progress.tell(`examined ${examined}`);
    return { kept: letters, goOn: moved < max };
  });
  if (signal.aborted) throw new CommandFailure('interrupted: nothing was moved');
  return { moved, examined, byReason, by: 'messages' };
}
