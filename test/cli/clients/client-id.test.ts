import { drawClientId } from '../../../cli/clients/client-id';

test('draws client ids of the right shape, each letter as likely as the other', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => 240 + index);
  // 252 to 255 are drawn again, or the first four letters would come more often.
  expect(drawClientId(() => bytes)).toBe('yz0123456789yz01');
  expect(new Set(Array.from({ length: 100 }, () => drawClientId())).size).toBe(100);
});
