/** A key is replaced once a month, and works on for a day. */
export const CREDENTIAL = {
  upstreamCredential: 'keyPool',
  secretCacheSeconds: 300,
  keyGraceSeconds: 86_400,
  secretAdministrators: [],
  secretReaders: [],
} as const;

/** So short that a drill sees old keys end. */
export const LOCAL_CREDENTIAL = { ...CREDENTIAL, secretCacheSeconds: 5, keyGraceSeconds: 30 } as const;
