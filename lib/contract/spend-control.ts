import type { HoldStatusValue } from './consumer-hold';
import type { CutOff, GlobalCaps } from './ledger';

/** Percent of a cap at which the service warns, once a window each, as it is spent. */
export const SPEND_WARNINGS = [50, 80, 95] as const;

/** Who cuts off when nobody tells the service to. */
export const SPEND_CONTROLLER = 'control-spend';

/** What `control-spend` can be asked for. */
export const SpendAction = {
  /** Warns, cuts off and heals, as it does every minute. */
  RUN: 'run',
  STATUS: 'status',
  SET: 'set',
  CUT: 'cut',
  RESTORE: 'restore',
  PRICES: 'prices',
} as const;

/** In place of an amount: the cap that was deployed. */
export const DEPLOYED_CAP = 'deployed';

/** The caps of one client. @default - no cap of its own */
export interface ClientSpendCaps {
  /** Micro-USD that may be committed in one UTC day. */
  readonly perDay?: number;
  /** Micro-USD that may be committed in one UTC month. */
  readonly perMonth?: number;
}

/** The caps of the clients of each plan, by its name: most micro-USD in one UTC day and in one UTC month, null for no cap. */
export type ClientCapsByPlan = Readonly<Record<string, readonly [perDay: number | null, perMonth: number | null]>>;

/** Who asks for a change, and why. */
export interface SpendOrder {
  /** ARN of the operator. */
  readonly by: string;
  readonly reason: string;
}

export interface StatusRequest {
  readonly action: typeof SpendAction.STATUS;
  /** Whose spending is asked for as well. @default - nobody's */
  readonly clientId?: string;
  readonly clientCaps?: ClientSpendCaps;
}

export interface SetRequest extends SpendOrder {
  readonly action: typeof SpendAction.SET;
  /** Micro-USD, at least 1, or `deployed`. @default - as it is */
  readonly day?: number | typeof DEPLOYED_CAP;
  /** Micro-USD, at least 1, or `deployed`. @default - as it is */
  readonly month?: number | typeof DEPLOYED_CAP;
}

export interface CutRequest extends SpendOrder {
  readonly action: typeof SpendAction.CUT;
}

export interface RestoreRequest extends SpendOrder {
  readonly action: typeof SpendAction.RESTORE;
  /** Whether to go on although it would be cut off again within a minute. @default false */
  readonly force?: boolean;
}

export interface PricesRequest {
  readonly action: typeof SpendAction.PRICES;
  /** @default - every model */
  readonly model?: string;
}

export type SpendRequest =
  | { readonly action: typeof SpendAction.RUN }
  | StatusRequest
  | SetRequest
  | CutRequest
  | RestoreRequest
  | PricesRequest;

/** One window of a cap; all amounts in micro-USD. */
export interface SpendWindowReport {
  /** `2026-11-27`, or `2026-11`. */
  readonly window: string;
  /** @default - no cap */
  readonly cap?: number;
  readonly spent: number;
  /** Held for calls that have not ended. */
  readonly reserved: number;
  /** @default - no cap */
  readonly left?: number;
  /** Of the cap, by what is spent, rounded down to hundredths. @default - no cap */
  readonly spentPercent?: number;
  /** ISO 8601. */
  readonly resetsAt: string;
}

export interface SpendWindowsReport {
  readonly day: SpendWindowReport;
  readonly month: SpendWindowReport;
}

/** In place of the state of a hold that cannot be read. */
export const UNKNOWN_HOLD = 'unknown';

/** Where the money is, and whether it may be spent. */
export interface SpendReport extends SpendWindowsReport {
  readonly deployed: GlobalCaps;
  /** Caps in place of the deployed ones. */
  readonly override: GlobalCaps;
  /** @default - spending is not cut off */
  readonly cut?: CutOff;
  /** The window whose cap is used up, so that not the cheapest request fits and nothing is held. @default - none is */
  readonly usedUp?: string;
  /** State of the hold on the consumer, or `unknown` where it cannot be read. @default - it was never held */
  readonly hold?: HoldStatusValue | typeof UNKNOWN_HOLD;
}

/** Prices of a million tokens of each kind, in US dollars as decimal numbers. */
export interface TokenPriceReport {
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string;
  readonly cacheWrite: string;
}

/** What a model costs from a moment on. */
export interface PriceStepReport extends TokenPriceReport {
  /** ISO 8601. */
  readonly validFrom: string;
  /** Prices of all tokens of a request with more input than this. @default - the same whatever the length */
  readonly longContext?: TokenPriceReport & { readonly aboveInputTokens: number };
}

export interface ModelPricesReport {
  readonly model: string;
  /** @default - no price is in force, so that every request for the model is refused */
  readonly now?: PriceStepReport;
  /** @default - none is known */
  readonly next?: PriceStepReport;
}

/** Why nothing was done. */
export const SpendRefusal = {
  /** The request is none of those that there are; what is wrong with it is in the message. */
  MALFORMED: 'malformed',
  /** The cap of a window is used up still. */
  USED_UP: 'used-up',
  UNKNOWN_MODEL: 'unknown-model',
} as const;

export type SpendRefusalValue = (typeof SpendRefusal)[keyof typeof SpendRefusal];

export type SpendAnswer =
  | { readonly kind: 'status'; readonly report: SpendReport; readonly client?: SpendWindowsReport }
  | {
      readonly kind: 'done';
      /** Whether anything had to be changed. */
      readonly changed: boolean;
      readonly before: SpendReport;
      readonly report: SpendReport;
      /** What could not be done yet, and is tried again every minute. */
      readonly unfinished: readonly string[];
    }
  | { readonly kind: 'prices'; readonly at: string; readonly models: readonly ModelPricesReport[] }
  | { readonly kind: 'refused'; readonly code: SpendRefusalValue; readonly message: string };
