import { App, Stack, Token } from 'aws-cdk-lib';
import { ConfigCheck, ConstructConfigError } from '../../lib/config-error';

const stack = new Stack(new App(), 'shop');

describe('ConfigCheck', () => {
  test('throws one error that names the construct and every problem', () => {
    const check = new ConfigCheck(stack, 'Till')
      .integer('drawers', 0, 1, 4)
      .require(false, 'currency', 'must be known', 'XXX')
      .integer('receipts', 1.5, 1, 2);

    const error = thrownBy(() => check.throwProblems());

    expect(error).toBeInstanceOf(ConstructConfigError);
    expect(error).toMatchObject({
      name: 'ConstructConfigError',
      constructPath: 'shop/Till',
      message:
        'shop/Till: `drawers` must be an integer between 1 and 4, got: 0; `currency` must be known, got: XXX; `receipts` must be an integer between 1 and 2, got: 1.5',
    });
  });

  test('names the construct alone at the root of the tree', () => {
    const check = new ConfigCheck(new App(), 'Till').integer('drawers', 9, 1, 4);

    expect(() => check.throwProblems()).toThrow('Till: `drawers` must be an integer between 1 and 4, got: 9');
  });

  test.each([1, 4, undefined])('accepts %s within bounds or not given', (drawers) => {
    const check = new ConfigCheck(stack, 'Till').integer('drawers', drawers, 1, 4);

    expect(() => check.throwProblems()).not.toThrow();
  });

  test('leaves an unresolved token to the deployment', () => {
    const check = new ConfigCheck(stack, 'Till').integer('drawers', Token.asNumber({ Ref: 'Drawers' }), 1, 4);

    expect(() => check.throwProblems()).not.toThrow();
  });
});

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
