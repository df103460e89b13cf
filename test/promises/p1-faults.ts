import type { UpstreamStep } from '../../local/doubles/upstream-script';

/** One way in which the upstream treats a job. */
export interface Fault {
  readonly name: string;
  readonly steps: readonly UpstreamStep[];
  /** Treatment after those steps. @default a completion */
  readonly otherwise?: UpstreamStep;
}

/** Every fourth job is healthy; the others meet everything that an upstream can do to them. */
export const FAULTS: readonly Fault[] = [
  { name: 'healthy', steps: [] },
  { name: 'fails-once', steps: [{ kind: 'error', status: 500 }] },
  { name: 'rate-limits', steps: [{ kind: 'error', status: 429, retryAfter: 1 }] },
  {
    name: 'overloaded',
    steps: [
      { kind: 'error', status: 529 },
      { kind: 'error', status: 529 },
    ],
  },
  { name: 'healthy', steps: [] },
  { name: 'breaks-before-the-answer', steps: [{ kind: 'reset-before' }] },
  { name: 'breaks-in-the-answer', steps: [{ kind: 'reset-after' }] },
  { name: 'answers-nonsense', steps: [{ kind: 'garbage' }] },
  { name: 'healthy', steps: [] },
  { name: 'slow', steps: [{ kind: 'reply', delayMs: 4_000 }] },
  { name: 'refuses', steps: [], otherwise: { kind: 'error', status: 400 } },
  { name: 'poison', steps: [], otherwise: { kind: 'error', status: 500 } },
];

/** A hang that outlasts the processor's budget, so that it must give up by itself. */
export const HANG: Fault = { name: 'hangs', steps: [{ kind: 'hang' }] };

/** The one end that a job may come to which meets the fault: a fault that passes costs nothing but time. */
export function rightEnd({ otherwise }: Fault): 'succeeded' | 'failed' | 'dead-lettered' {
  if (otherwise?.kind !== 'error') return 'succeeded';
  return otherwise.status === 400 ? 'failed' : 'dead-lettered';
}
