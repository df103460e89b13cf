import type { ModelPricesReport, PriceStepReport, TokenPriceReport } from '../../lib/contract/spend-control';

/** What the models cost, for people. */
export function priceLines(at: string, models: readonly ModelPricesReport[]): string[] {
  const width = Math.max(0, ...models.map(({ model }) => model.length));
  const indent = ' '.repeat(width);
  return [
    `US dollars for a million tokens, at ${at}:`,
    ...models.flatMap(({ model, now, next }) => [
      ...(now
        ? stepLines(model.padEnd(width), indent, now)
        : [`${model.padEnd(width)}  no price is in force: refused`]),
      ...(next ? stepLines(indent, indent, next, 'from') : []),
    ]),
  ];
}

function stepLines(head: string, indent: string, step: PriceStepReport, word = 'since'): string[] {
  const { validFrom, longContext } = step;
  return [
    `${head}  ${tokens(step)}, ${word} ${validFrom}`,
    ...(longContext ? [`${indent}  above ${longContext.aboveInputTokens} input tokens: ${tokens(longContext)}`] : []),
  ];
}

const tokens = ({ input, output, cacheRead, cacheWrite }: TokenPriceReport): string =>
  `input ${input}, output ${output}, cache read ${cacheRead}, cache write ${cacheWrite}`;
