import {
  type GlobalCaps,
  LEDGER_SETTINGS_KEY,
  type LedgerSettings,
  LedgerSpan,
  type LedgerSpanValue,
  UNCAPPED,
} from '../../../lib/contract/ledger';
import { LedgerUnavailableError } from './errors';
import type { LedgerRow, RowWrite } from './ledger-store';

/** The settings among the rows that were read. @throws LedgerUnavailableError where there are none. */
export const settingsIn = (rows: ReadonlyMap<string, LedgerRow>): LedgerSettings => {
  const row = rows.get(LEDGER_SETTINGS_KEY);
  if (!row) throw new LedgerUnavailableError('The ledger has no settings: no caps were ever deployed.');
  return row as unknown as LedgerSettings;
};

/** The caps that hold: an operator's before the deployed ones. */
export const capsOf = ({ deployed, override }: Pick<LedgerSettings, 'deployed' | 'override'>): GlobalCaps => ({
  ...deployed,
  ...override,
});

/** The cap of a span, in micro-USD. */
export const limitOf = (settings: LedgerSettings, span: LedgerSpanValue): number => {
  const { globalDay, globalMonth } = capsOf(settings);
  return (span === LedgerSpan.DAY ? globalDay : globalMonth) ?? UNCAPPED;
};

/** That the settings still are those that were read, the cut-off included. */
export const settingsUnchanged = ({ version }: LedgerSettings): RowWrite => ({
  key: LEDGER_SETTINGS_KEY,
  conditions: [{ attribute: 'version', is: 'equal', value: version }],
});
