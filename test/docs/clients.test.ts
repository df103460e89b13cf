import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { ENVIRONMENTS } from '../../bin/environments';
import { clientCommands } from '../../cli/clients/client-commands';
import { HELP } from '../../cli/help';
import type { ClientPlanProps } from '../../lib';
import { makeClientKey, parseClientKey } from '../../lib/contract/client-keys';

const text = readFileSync('docs/clients.md', 'utf8');
const matches = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found ?? '');

/** The function of the page, as a reader would run it. */
const isClientKey: (key: string) => boolean = runInNewContext(`${matches(/^```js\n(.*?)^```$/gms)[0]};isClientKey`, {
  require,
});
const documented = new RegExp(`^(?:${matches(/^Regular expression: `(.+?)`/gm)[0]})$`);
const [example = '', lookAlike = ''] = matches(/^(bwk_example_\S+)$/gm);
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
const id = fc.stringMatching(/^[a-z0-9]{16}$/);

test('its example is a key of the right form whose checksum is right, and its look-alike is not', () => {
  expect(parseClientKey(example)).toEqual({ environment: 'example', clientId: 'exampleclient000' });
  expect(documented.test(lookAlike)).toBe(true);
  expect(parseClientKey(lookAlike)).toBeUndefined();
  expect([isClientKey(example), isClientKey(lookAlike)]).toEqual([true, false]);
});

test('its expression and its checksum know every key that is made', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,12}$/), id, secret, (environment, clientId, random) => {
      const key = makeClientKey(environment, clientId, random);
      expect([documented.test(key), isClientKey(key)]).toEqual([true, true]);
    }),
  );
});

test('its checksum says of every look-alike what the service says', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^bwk_[a-z]{1,5}_[a-z0-9]{16}_[0-9A-Za-z]{49}$/), (key) => {
      expect(isClientKey(key)).toBe(parseClientKey(key) !== undefined);
    }),
  );
});

test('its rule for gitleaks is the same expression', () => {
  const [rule = ''] = matches(/^regex = '''(.+)'''$/gm);
  expect(rule).toBe(`\\b${documented.source.slice('^(?:'.length, -')$'.length)}\\b`);
  const key = makeClientKey('prod', 'abcdefgh12345678', randomBytes(32));
  expect(`token="${key}";`.match(rule)?.[0]).toBe(key);
});

test('it names every command of clients, with options that there are', () => {
  const named = matches(/`bulwark (clients [a-z-]+) /g);
  expect([...new Set(named)].sort()).toEqual(Object.keys(clientCommands).sort());
  const options = new Set(matches(/(?<![\w-]|npm run )(--[a-z][a-z-]+)/g));
  expect([...options].filter((option) => !HELP.includes(`${option} `) && !HELP.includes(`${option}]`))).toEqual([]);
});

/** A plan as the table of the page has it. */
function inWords({ requestsPerSecond, burst, requestsPerDay, models, ...money }: ClientPlanProps): string {
  const dollars = (amount = '') => `$${amount.replace(/\B(?=(\d{3})+$)/g, ' ')}`;
  const rate = `${requestsPerSecond} request${requestsPerSecond === 1 ? '' : 's'} a second, ${burst} at once`;
  const quota = requestsPerDay === undefined ? '' : `, ${requestsPerDay} a day`;
  const spend = `${dollars(money.spendPerJob)} a job, ${dollars(money.spendPerDay)} a day, ${dollars(money.spendPerMonth)} a month`;
  return `${rate}${quota}; ${spend}${models ? `; \`${models.join('`, `')}\` only` : ''}`;
}

test('the table of plans is that of the environments', () => {
  const { local, dev, staging, prod } = ENVIRONMENTS;
  const [[ours], [standard, trial]] = [local.plans, prod.plans] as [
    [ClientPlanProps],
    [ClientPlanProps, ClientPlanProps],
  ];
  expect([dev.plans, staging.plans]).toEqual([prod.plans, prod.plans]);
  expect(local.plans[1]).toEqual(trial);
  expect(text).toContain(`| \`standard\` | ${inWords(ours)} | ${inWords(standard)} |`);
  expect(text).toContain(`| \`trial\` | as elsewhere | ${inWords(trial)} |`);
  expect(text).toContain(
    `${prod.authorizerCacheSeconds} seconds, ${local.authorizerCacheSeconds} in the local environment`,
  );
});
