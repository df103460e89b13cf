/** A key as Anthropic's Console has made it. */
export interface AnthropicKey {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

/** The keys of an organisation: the upstream's double accepts the active ones, the Admin API's double changes them. */
export class AnthropicKeys {
  readonly #keys = new Map<string, AnthropicKey & { readonly apiKey: string }>();

  /** Makes a key, as somebody does by hand in the Console. */
  add(id: string, apiKey: string, status = 'active'): void {
    this.#keys.set(id, { id, apiKey, status, name: `pool ${id}` });
  }

  all(): readonly AnthropicKey[] {
    return [...this.#keys.values()].map(({ apiKey: _, ...key }) => key);
  }

  find(id: string): AnthropicKey | undefined {
    return this.all().find((key) => key.id === id);
  }

  setStatus(id: string, status: string): void {
    const key = this.#keys.get(id);
    if (key) this.#keys.set(id, { ...key, status });
  }

  /** The key with a value, or undefined where it is none of these. */
  withValue(apiKey: string): AnthropicKey | undefined {
    const id = [...this.#keys.values()].find((key) => key.apiKey === apiKey)?.id;
    return id === undefined ? undefined : this.find(id);
  }
}
