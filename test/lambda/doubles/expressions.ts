import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

export type Item = Record<string, AttributeValue>;

export interface Expressions {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

/** Words of DynamoDB's list of reserved ones that this project has as attribute names. */
const RESERVED = new Set('status usage key keys limit name result day month token interval count'.split(' '));

const TOKEN =
  /\s*(attribute_not_exists|attribute_exists|if_not_exists|<=|>=|<>|[#:]?[A-Za-z_][A-Za-z0-9_]*(?:\[\d+\])?|[()=<>+,-])/y;

const tokenize = (text: string): string[] => {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const [, token] = TOKEN.exec(text) ?? [];
    if (token === undefined) throw new Error(`not an expression: ${text}`);
    tokens.push(token);
  }
  return tokens;
};

/** What DynamoDB refuses before it looks at any item: placeholders without use or meaning, reserved words. */
export const checkExpressions = (expressions: Expressions): void => {
  const { ConditionExpression = '', UpdateExpression = '', ProjectionExpression = '' } = expressions;
  const { KeyConditionExpression = '' } = expressions;
  const all = [ConditionExpression, UpdateExpression, ProjectionExpression, KeyConditionExpression];
  const tokens = all.flatMap(tokenize);
  const defined = [
    ...Object.keys(expressions.ExpressionAttributeNames ?? {}),
    ...Object.keys(expressions.ExpressionAttributeValues ?? {}),
  ];
  const used = tokens.filter((token) => /^[#:]/.test(token));
  const unused = defined.filter((name) => !used.includes(name));
  const undefinedOnes = used.filter((name) => !defined.includes(name));
  const reserved = tokens.filter((token) => RESERVED.has(token.toLowerCase()));
  const wrong = [...unused, ...undefinedOnes, ...reserved];
  if (wrong.length > 0) throw new Error(`ValidationException: ${wrong.join(', ')}`);
};

/** A name, or an element of a list: `recent[3]`. */
const PATH = /^([^[]+)(?:\[(\d+)\])?$/;

const pathOf = (name: string): { readonly attribute: string; readonly index: number | undefined } => {
  const [, attribute = name, index] = PATH.exec(name) ?? [];
  return { attribute, index: index === undefined ? undefined : Number(index) };
};

const valueAt = (item: Item, name: string): AttributeValue | undefined => {
  const { attribute, index } = pathOf(name);
  return index === undefined ? item[attribute] : item[attribute]?.L?.[index];
};

const setAt = (item: Item, name: string, value: AttributeValue): void => {
  const { attribute, index } = pathOf(name);
  if (index === undefined) {
    item[attribute] = value;
    return;
  }
  const list = item[attribute]?.L;
  if (!list) throw new Error(`ValidationException: the document path ${name} is invalid for update`);
  item[attribute] = { L: list.with(index, value) };
};

/** Reads one expression from left to right, as a grammar with one token of look-ahead. */
class Reader {
  #at = 0;
  readonly #tokens: string[];

  constructor(
    text: string,
    readonly expressions: Expressions,
    readonly item: Item,
  ) {
    this.#tokens = tokenize(text);
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error('the expression ends too early');
    this.#at += 1;
    return token;
  }

  accept(token: string): boolean {
    if (this.peek() !== token) return false;
    this.#at += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.accept(token)) throw new Error(`expected ${token}, got ${this.peek()}`);
  }

  name(): string {
    const token = this.next();
    return token.startsWith('#') ? (this.expressions.ExpressionAttributeNames?.[token] ?? token) : token;
  }

  operand(): AttributeValue | undefined {
    if (this.accept('if_not_exists')) {
      this.expect('(');
      const value = this.item[this.name()];
      this.expect(',');
      const fallback = this.operand();
      this.expect(')');
      return value ?? fallback;
    }
    if (this.peek()?.startsWith(':')) return this.expressions.ExpressionAttributeValues?.[this.next()];
    return valueAt(this.item, this.name());
  }

  sum(): AttributeValue | undefined {
    const first = this.operand();
    if (!this.accept('+')) return first;
    const second = this.operand();
    if (first?.N === undefined || second?.N === undefined) throw new Error('ValidationException: not numbers');
    return { N: String(Number(first.N) + Number(second.N)) };
  }

  anyOf(): boolean {
    let result = this.allOf();
    while (this.accept('OR')) result = this.allOf() || result;
    return result;
  }

  allOf(): boolean {
    let result = this.comparison();
    while (this.accept('AND')) result = this.comparison() && result;
    return result;
  }

  comparison(): boolean {
    if (this.accept('NOT')) return !this.comparison();
    if (this.accept('(')) {
      const result = this.anyOf();
      this.expect(')');
      return result;
    }
    if (this.accept('contains')) {
      this.expect('(');
      const list = this.operand()?.L ?? [];
      this.expect(',');
      const wanted = this.operand();
      this.expect(')');
      return list.some((element) => isDeepStrictEqual(element, wanted));
    }
    for (const wanted of ['attribute_exists', 'attribute_not_exists']) {
      if (!this.accept(wanted)) continue;
      this.expect('(');
      const exists = this.name() in this.item;
      this.expect(')');
      return exists === (wanted === 'attribute_exists');
    }
    const left = this.operand();
    const operator = this.next();
    return compare(left, operator, this.operand());
  }
}

const compare = (left: AttributeValue | undefined, operator: string, right: AttributeValue | undefined): boolean => {
  if (!left || !right || Object.keys(left)[0] !== Object.keys(right)[0]) return false;
  const { a, b } = unmarshall({ a: left, b: right });
  if (operator === '=') return isDeepStrictEqual(a, b);
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  if (operator === '>') return a > b;
  if (operator === '>=') return a >= b;
  throw new Error(`the double does not know ${operator}`);
};

export const holds = (expressions: Expressions, item: Item): boolean => {
  if (!expressions.ConditionExpression) return true;
  const reader = new Reader(expressions.ConditionExpression, expressions, item);
  const result = reader.anyOf();
  if (!reader.done) throw new Error(`unread: ${reader.peek()}`);
  return result;
};

export const meetsKeyCondition = ({ KeyConditionExpression, ...rest }: Expressions, item: Item): boolean =>
  holds({ ...rest, ConditionExpression: KeyConditionExpression ?? '' }, item);

export const update = (expressions: Expressions, item: Item): Item => {
  const reader = new Reader(expressions.UpdateExpression ?? '', expressions, item);
  const updated = { ...item };
  const paths = new Set<string>();
  while (!reader.done) {
    const clause = reader.next();
    do {
      const name = reader.name();
      if (paths.has(name)) throw new Error(`ValidationException: two paths overlap at ${name}`);
      paths.add(name);
      if (clause === 'REMOVE') delete updated[name];
      else if (clause === 'ADD') {
        const by = reader.operand()?.N;
        if (by === undefined) throw new Error('ValidationException: not a number');
        updated[name] = { N: String(Number(updated[name]?.N ?? 0) + Number(by)) };
      } else if (clause === 'SET') {
        reader.expect('=');
        const value = reader.sum();
        if (!value) throw new Error('ValidationException: the operand does not exist');
        setAt(updated, name, value);
      } else throw new Error(`the double does not know ${clause}`);
    } while (reader.accept(','));
  }
  return updated;
};

export const project = (expressions: Expressions, item: Item): Item => {
  if (!expressions.ProjectionExpression) return item;
  const reader = new Reader(expressions.ProjectionExpression, expressions, item);
  const projected: Item = {};
  do {
    const name = reader.name();
    const value = item[name];
    if (value) projected[name] = value;
  } while (reader.accept(','));
  return projected;
};
