import type {
  UpstreamCalls,
  UpstreamCount,
  UpstreamLog,
  UpstreamScript,
  UpstreamStep,
} from './doubles/upstream-script';
import { LocalFailure } from './failure';

/** Tells the upstream double how to behave, and asks it what it has seen. */
export class UpstreamControl {
  constructor(readonly url: string) {}

  /** Treats the calls whose prompt holds `[[marker]]` as told, in this order; then by the default. */
  async script(marker: string, steps: readonly UpstreamStep[], otherwise?: UpstreamStep): Promise<void> {
    await this.#post('/_double/script', { marker, steps, ...(otherwise && { otherwise }) } satisfies UpstreamScript);
  }

  /** Treats the calls that no script is for as told. */
  async treatOthers(step: UpstreamStep): Promise<void> {
    await this.#post('/_double/script', { default: step });
  }

  /** The last calls with their times, the oldest first. */
  async log(): Promise<UpstreamLog> {
    return (await (await fetch(`${this.url}/_double/log`)).json()) as UpstreamLog;
  }

  /** Whether it accepts a key, by a request that costs nothing and is in no log. */
  async accepts(apiKey: string): Promise<boolean> {
    const headers = { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' };
    const { status } = await fetch(`${this.url}/v1/models`, { headers });
    if (status !== 200 && status !== 401) throw new LocalFailure(`local: the upstream double answered ${status}`);
    return status === 200;
  }

  /** What it has seen of one marker. */
  async callsOf(marker: string): Promise<UpstreamCount> {
    return (await this.calls()).markers[marker] ?? { calls: 0, paid: 0 };
  }

  /** Everything it has seen. */
  async calls(): Promise<UpstreamCalls> {
    return (await (await fetch(`${this.url}/_double/calls`)).json()) as UpstreamCalls;
  }

  async #post(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new LocalFailure(`local: the upstream double refused ${path}: ${await response.text()}`);
  }
}
