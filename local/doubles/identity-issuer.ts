import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto';

/** Claims of an identity token that a token endpoint looks at. */
export interface IdentityClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch. */
  readonly exp: number;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const decode = (part: string | undefined): unknown => {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
};

/** Plays STS as the issuer of identity tokens; its key is made anew with each instance, and kept nowhere. */
export class IdentityIssuer {
  readonly url = `https://${randomUUID()}.tokens.sts.global.api.aws`;
  readonly #keyId = randomUUID();
  readonly #publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    this.#publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  /** A signed token; what `overrides` does not say is as the issuer would have it now. */
  token(overrides: Partial<IdentityClaims>): string {
    const iat = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: this.url,
      sub: 'arn:aws:iam::000000000000:role/processor',
      iat,
      exp: iat + 300,
      ...overrides,
    };
    const signed = `${encode({ alg: 'ES384', typ: 'JWT', kid: this.#keyId })}.${encode(claims)}`;
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign('sha384', Buffer.from(signed), key).toString('base64url')}`;
  }

  /** The claims of a token that this issuer has signed, that is for the audience, and whose time has not run out. */
  verified(token: unknown, audience: string): IdentityClaims | undefined {
    if (typeof token !== 'string') return undefined;
    const [header, payload, signature = ''] = token.split('.');
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const isSigned = verify('sha384', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
    if (!isSigned) return undefined;
    const claims = decode(payload) as IdentityClaims;
    const isGood = claims.iss === this.url && claims.aud === audience && claims.exp * 1_000 > Date.now();
    return isGood ? claims : undefined;
  }
}
