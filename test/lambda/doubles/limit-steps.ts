/** Steps by which the limits judge a client’s first request of a month: it has no row that counts, and is given one. */
export const LIMIT_STEPS: readonly string[] = ['UpdateItem', 'UpdateItem'];
