import { App, Stack } from 'aws-cdk-lib';
import { StandardFunction } from '../../../lib';
import { HANDLERS } from '../../../lib/contract/handlers';
import { bundledCode } from '../../../lib/functions/bundled-code';

const stack = new Stack(new App(), 'shop');

describe('bundledCode', () => {
  test.each(HANDLERS)('finds the bundle of %s from the source', (handler) => {
    new StandardFunction(stack, handler, { code: bundledCode(stack, handler) });

    const assets = stack.node.root.node.findAll().filter(({ node }) => node.path === `shop/${handler}/Code`);
    expect(assets).toHaveLength(1);
  });

  test('says what to run when a bundle is missing', () => {
    // @ts-expect-error A name that no handler has stands for one that was never bundled.
    expect(() => bundledCode(stack, 'tell-fortunes')).toThrow(
      new Error('shop: the bundle of handler `tell-fortunes` is missing: run `npm run bundle` first'),
    );
  });
});
