/** A rule that a prop must meet. */
export interface PropRule {
  readonly prop: string;
  /** What the prop must be, beginning with `must`. */
  readonly rule: string;
  readonly got: unknown;
  readonly holds: boolean;
}
