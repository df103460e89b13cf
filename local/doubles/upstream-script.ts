/** How the upstream double treats one call. */
export interface UpstreamStep {
  /**
   * `reply`: a completion. `error`: an error document. `hang`: no answer ever. `reset-before`: the connection breaks
   * before the first byte of the answer. `reset-after`: it breaks in the middle of the answer's body, after the work
   * was done and paid. `garbage`: status 200 with a body that is no completion, also paid.
   */
  readonly kind: 'reply' | 'error' | 'hang' | 'reset-before' | 'reset-after' | 'garbage';
  /** Status of an `error`. @default 500 */
  readonly status?: number;
  /** Seconds in the `retry-after` header of an `error`. @default no header */
  readonly retryAfter?: number;
  /** Text of a `reply`. @default "Reply to <the first 40 characters of the last message>" */
  readonly text?: string;
  /** Milliseconds before anything is answered. @default 0 */
  readonly delayMs?: number;
}

/** How the double treats the calls whose prompt holds `[[marker]]`. */
export interface UpstreamScript {
  readonly marker: string;
  /** Treatment of the first call, the second, and so on. */
  readonly steps: readonly UpstreamStep[];
  /** Treatment of every call after those. @default the double's default */
  readonly otherwise?: UpstreamStep;
}

/** What the double has seen of one marker, or of one key. */
export interface UpstreamCount {
  readonly calls: number;
  /** Calls that were answered 200: those that a provider would bill. */
  readonly paid: number;
}

/** One call, as the double saw it come. */
export interface UpstreamCallSeen {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly marker: string;
  /** Id of the key that it came with. @default - the key is none of the organisation's */
  readonly keyId?: string;
  /** Whether its key was accepted. */
  readonly accepted: boolean;
  /** Number of its connection. A process that makes one call after the other keeps to one connection. */
  readonly connection: number;
}

/** Answer of `GET /_double/log`: the last 10 000 calls, the oldest first. */
export interface UpstreamLog {
  readonly calls: readonly UpstreamCallSeen[];
}

/** Answer of `GET /_double/calls`. */
export interface UpstreamCalls {
  readonly total: UpstreamCount;
  /** By marker; calls without one are under the empty name. */
  readonly markers: Readonly<Record<string, UpstreamCount>>;
  /** By API key; calls without one are under the empty name. */
  readonly keys: Readonly<Record<string, UpstreamCount>>;
}

const KINDS = ['reply', 'error', 'hang', 'reset-before', 'reset-after', 'garbage'];

/** A marker in a prompt: `[[any-name]]`. */
export const MARKER_PATTERN = /\[\[([A-Za-z0-9._-]+)\]\]/;

/** Checks a step that came over HTTP; the answer says what is wrong with it, or nothing. */
export function problemOfStep(step: unknown): string | undefined {
  if (typeof step !== 'object' || step === null) return 'a step must be an object';
  const { kind, status, retryAfter, text, delayMs } = step as Record<string, unknown>;
  if (!KINDS.includes(kind as string)) return `\`kind\` must be one of ${KINDS.join(', ')}, got: ${String(kind)}`;
  if (status !== undefined && !(Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599)) {
    return `\`status\` must be a whole number from 400 to 599, got: ${String(status)}`;
  }
  if (retryAfter !== undefined && !(typeof retryAfter === 'number' && retryAfter >= 0)) {
    return `\`retryAfter\` must be a number of seconds, got: ${String(retryAfter)}`;
  }
  if (delayMs !== undefined && !(typeof delayMs === 'number' && delayMs >= 0)) {
    return `\`delayMs\` must be a number of milliseconds, got: ${String(delayMs)}`;
  }
  if (text !== undefined && typeof text !== 'string') return `\`text\` must be a string, got: ${typeof text}`;
  return undefined;
}
