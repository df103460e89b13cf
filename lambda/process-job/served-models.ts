/** Most models that are remembered. */
const MOST = 100;

/** The models that the upstream has served this process: it had the permission for each of them. */
export class ServedModels {
  readonly #models = new Set<string>();

  /** A call for the model has succeeded. */
  add(model: string): void {
    this.#models.delete(model);
    this.#models.add(model);
    if (this.#models.size <= MOST) return;
    const [oldest = ''] = this.#models;
    this.#models.delete(oldest);
  }

  has(model: string): boolean {
    return this.#models.has(model);
  }
}
