/**
 * What looks like a secret and is none: the SHA-256 of exactly this value (`fingerprint` of a finding), and why it is
 * harmless. Nothing else is let through, neither a file nor a kind.
 */
export const ALLOWED = [
  {
    fingerprint: '0f63f02f13565c5dddecfb43ffc9d816002dbce8cb6e8879e63cb1e50365f5b4',
    reason: 'The example of a client key in docs/clients.md, for an environment and a client that there are not.',
  },
];
