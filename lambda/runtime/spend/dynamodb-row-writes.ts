import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { LedgerTable } from '../../../lib/contract/ledger';
import type { RowCondition, RowWrite } from './ledger-store';

/** What DynamoDB is sent for one row. */
export interface RowRequest {
  readonly TableName: string;
  readonly Key?: Record<string, AttributeValue>;
  readonly Item?: Record<string, AttributeValue>;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** The row of a key. */
export const keyOf = (key: string): Record<string, AttributeValue> => ({ [LedgerTable.PARTITION_KEY]: { S: key } });

const MARSHALLING = { removeUndefinedValues: true } as const;

/** Collects the placeholders of one request: every name has one, as any may be a reserved word. */
class Placeholders {
  readonly #names = new Map<string, string>();
  readonly #values: Record<string, unknown> = {};

  name(attribute: string): string {
    const known = this.#names.get(attribute);
    if (known) return known;
    const placeholder = `#n${this.#names.size}`;
    this.#names.set(attribute, placeholder);
    return placeholder;
  }

  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.#values).length}`;
    this.#values[placeholder] = value;
    return placeholder;
  }

  used(): Pick<RowRequest, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> {
    const names = Object.fromEntries([...this.#names].map(([attribute, placeholder]) => [placeholder, attribute]));
    return {
      ...(this.#names.size > 0 ? { ExpressionAttributeNames: names } : {}),
      ...(Object.keys(this.#values).length > 0
        ? { ExpressionAttributeValues: marshall(this.#values, MARSHALLING) }
        : {}),
    };
  }
}

const conditionOf = (condition: RowCondition, placeholders: Placeholders): string => {
  const name = placeholders.name(condition.attribute);
  switch (condition.is) {
    case 'absent':
      return `attribute_not_exists(${name})`;
    case 'present':
      return `attribute_exists(${name})`;
    case 'equal':
      return `${name} = ${placeholders.value(condition.value)}`;
    case 'at-least':
      return `${name} >= ${placeholders.value(condition.value)}`;
    case 'below':
      return `${name} < ${placeholders.value(condition.value)}`;
    case 'at-most-or-absent':
      return `(attribute_not_exists(${name}) OR ${name} <= ${placeholders.value(condition.value)})`;
  }
};

const clause = (word: string, terms: readonly string[]): readonly string[] =>
  terms.length === 0 ? [] : [`${word} ${terms.join(', ')}`];

const updateOf = ({ add = {}, set = {}, remove = [] }: NonNullable<RowWrite['change']>, placeholders: Placeholders) =>
  [
    ...clause(
      'SET',
      Object.entries(set).map(([name, value]) => `${placeholders.name(name)} = ${placeholders.value(value)}`),
    ),
    ...clause(
      'ADD',
      Object.entries(add).map(([name, by]) => `${placeholders.name(name)} ${placeholders.value(by)}`),
    ),
    ...clause(
      'REMOVE',
      remove.map((name) => placeholders.name(name)),
    ),
  ].join(' ');

/** A write in the table's own terms: an update, a put, or a mere check. */
export const rowRequest = (table: string, { key, conditions, change, replacement }: RowWrite): RowRequest => {
  const placeholders = new Placeholders();
  const condition = conditions.map((each) => conditionOf(each, placeholders)).join(' AND ');
  const update = change && !replacement ? updateOf(change, placeholders) : '';
  return {
    TableName: table,
    ...(replacement ? { Item: marshall(replacement, MARSHALLING) } : { Key: keyOf(key) }),
    ...(update ? { UpdateExpression: update } : {}),
    ...(condition ? { ConditionExpression: condition } : {}),
    ...placeholders.used(),
  };
};
