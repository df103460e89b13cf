import type { LimitRow } from '../../../lib/contract/limits-table';

/** Names of requests that a row remembers. */
export const REMEMBERED_REQUESTS = 16;

/** How the bucket must be found, and what becomes of it; times are microseconds. */
export type BucketStep =
  /** It was not full yet when the request came, and holds enough: the debt grows, whoever else is at it. */
  | {
      readonly kind: 'drain';
      readonly sinceUs: number;
      readonly latestUs: number;
      readonly costUs: number;
      readonly intervalUs: number;
    }
  /** It is full. */
  | { readonly kind: 'full'; readonly nowUs: number; readonly fullAtUs: number; readonly intervalUs: number }
  /** It was written under another rate, and is exactly as it was seen. */
  | {
      readonly kind: 'convert';
      readonly seenFullAtUs: number;
      readonly seenIntervalUs: number;
      readonly fullAtUs: number;
      readonly intervalUs: number;
    };

/** Which windows the row must be found in, with how many counted at most, and which it counts in afterwards. */
export type WindowStep =
  | { readonly kind: 'same-day'; readonly day: string; readonly dayRoom?: number; readonly monthRoom?: number }
  | { readonly kind: 'next-day'; readonly day: string; readonly firstOfMonth: string; readonly monthRoom?: number }
  | { readonly kind: 'next-month'; readonly day: string; readonly firstOfMonth: string; readonly expiresAt: number };

/** Counts a request in a row that is there. */
export interface RowUpdate {
  readonly kind: 'update';
  readonly clientId: string;
  /** Name of the request; where the row remembers it, it was counted. */
  readonly token: string;
  readonly cost: number;
  readonly bucket: BucketStep;
  readonly window: WindowStep;
}

/** One conditional write that counts a request: into the first row of a client, or into the one that is there. */
export type Admission = { readonly kind: 'first'; readonly row: LimitRow } | RowUpdate;

const bucketHolds = (step: BucketStep, { fullAtUs, intervalUs }: LimitRow): boolean => {
  switch (step.kind) {
    case 'drain':
      return fullAtUs > step.sinceUs && fullAtUs <= step.latestUs && intervalUs === step.intervalUs;
    case 'full':
      return fullAtUs <= step.nowUs;
    case 'convert':
      return fullAtUs === step.seenFullAtUs && intervalUs === step.seenIntervalUs;
  }
};

const isWithin = (count: number, room: number | undefined): boolean => room === undefined || count <= room;

const windowHolds = (step: WindowStep, { utcDay, dayCount, monthCount }: LimitRow): boolean => {
  switch (step.kind) {
    case 'same-day':
      return utcDay === step.day && isWithin(dayCount, step.dayRoom) && isWithin(monthCount, step.monthRoom);
    case 'next-day':
      return utcDay < step.day && utcDay >= step.firstOfMonth && isWithin(monthCount, step.monthRoom);
    case 'next-month':
      return utcDay < step.firstOfMonth;
  }
};

/** Whether the row is as the write wants it. */
export const admissionHolds = (admission: Admission, row: LimitRow | undefined): boolean => {
  if (admission.kind === 'first') return row === undefined;
  const { bucket, window, token } = admission;
  return row !== undefined && !row.recent.includes(token) && bucketHolds(bucket, row) && windowHolds(window, row);
};

const countedIn = (step: WindowStep, cost: number, row: LimitRow): Partial<LimitRow> => {
  const dayCount = step.kind === 'same-day' ? row.dayCount + cost : cost;
  if (step.kind !== 'next-month') return { utcDay: step.day, dayCount, monthCount: row.monthCount + cost };
  return { utcDay: step.day, dayCount, monthCount: cost, expiresAt: step.expiresAt };
};

/** The row after the write; it must hold. */
export const applyAdmission = (admission: Admission, row: LimitRow | undefined): LimitRow => {
  if (admission.kind === 'first') return admission.row;
  const { bucket, window, cost, token } = admission;
  const before = row as LimitRow;
  return {
    ...before,
    fullAtUs: bucket.kind === 'drain' ? before.fullAtUs + bucket.costUs : bucket.fullAtUs,
    intervalUs: bucket.intervalUs,
    ...countedIn(window, cost, before),
    recent: [...before.recent.slice(1), token],
  };
};
