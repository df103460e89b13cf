/** Values of one metric, a period each; undefined where CloudWatch has none. */
export type Series = readonly (number | undefined)[];

type Value = Series | number | 'REPEAT';

const isSeries = (value: Value): value is Series => Array.isArray(value);

/** One operation, period by period: there is no result where an operand is missing. */
function combine(left: Value, right: Value, operate: (a: number, b: number) => number): Value {
  const at = (value: Value, index: number) => (isSeries(value) ? value[index] : (value as number));
  const length = isSeries(left) ? left.length : isSeries(right) ? right.length : undefined;
  if (length === undefined) return operate(left as number, right as number);
  return Array.from({ length }, (_, index) => {
    const [a, b] = [at(left, index), at(right, index)];
    return a === undefined || b === undefined ? undefined : operate(a, b);
  });
}

const FUNCTIONS: Readonly<Record<string, (series: Series, filler?: Value) => Series>> = {
  FILL: (series, filler) => {
    let last: number | undefined;
    return series.map((value) => {
      last = value ?? last;
      return value ?? (filler === 'REPEAT' ? last : (filler as number));
    });
  },
  DIFF: (series) =>
    series.map((value, index) => {
      const before = series[index - 1];
      return value === undefined || before === undefined ? undefined : value - before;
    }),
};

/** Evaluates what the queue's expressions use of CloudWatch's metric math: `+`, `*`, parentheses, `FILL` and `DIFF`. */
export function evaluate(expression: string, metrics: Readonly<Record<string, Series>>): Series {
  const tokens = expression.match(/[A-Za-z]+|\d+|[-+*(),]/g) ?? [];
  const take = (expected: string): void => {
    const token = tokens.shift();
    if (token !== expected) throw new SyntaxError(`expected ${expected}, got: ${token}`);
  };
  const parseSum = (): Value => {
    let value = parseProduct();
    while (tokens[0] === '+') {
      tokens.shift();
      value = combine(value, parseProduct(), (a, b) => a + b);
    }
    return value;
  };
  const parseProduct = (): Value => {
    let value = parseTerm();
    while (tokens[0] === '*') {
      tokens.shift();
      value = combine(value, parseTerm(), (a, b) => a * b);
    }
    return value;
  };
  const parseTerm = (): Value => {
    const token = tokens.shift() ?? '';
    if (/^\d+$/.test(token)) return Number(token);
    if (token === 'REPEAT') return token;
    if (token === '(') {
      const value = parseSum();
      take(')');
      return value;
    }
    const apply = FUNCTIONS[token];
    if (apply) {
      take('(');
      const series = parseSum();
      if (!isSeries(series)) throw new TypeError(`${token} takes a series`);
      if (tokens[0] === ',') tokens.shift();
      const filler = tokens[0] === ')' ? undefined : parseSum();
      take(')');
      return apply(series, filler);
    }
    const metric = metrics[token];
    if (!metric) throw new SyntaxError(`no metric ${token}`);
    return metric;
  };
  const result = parseSum();
  if (tokens.length > 0 || !isSeries(result)) throw new SyntaxError(`no series: ${expression}`);
  return result;
}

interface MathAlarm {
  readonly Metrics: readonly { readonly Expression?: string }[];
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
}

/** Whether an alarm on an expression is raised by the newest periods; a missing one breaches nothing. */
export function begins(alarm: MathAlarm, metrics: Readonly<Record<string, Series>>): boolean {
  const expression = alarm.Metrics.find(({ Expression }) => Expression)?.Expression ?? '';
  const newest = evaluate(expression, metrics).slice(-alarm.EvaluationPeriods);
  return newest.filter((value) => value !== undefined && value > alarm.Threshold).length >= alarm.DatapointsToAlarm;
}
