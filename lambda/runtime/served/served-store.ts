/** Where a fleet keeps when an upstream last served it; `upstream` is its name. A call rejects where that is unknown. */
export interface IServedStore {
  /** Start of the newest call that is known to have succeeded, in milliseconds since the epoch; by a consistent read. */
  read(upstream: string): Promise<number | undefined>;
  /** Takes the time forward to `servedAt`; one that is newer already stays. */
  advance(upstream: string, servedAt: number): Promise<void>;
}
