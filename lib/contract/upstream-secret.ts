/** Field of the upstream secret's JSON value that holds the provider's API key. */
export const UPSTREAM_SECRET_FIELD = 'apiKey';
