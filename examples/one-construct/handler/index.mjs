/** Answers with the messages that must be tried again: here, those that are not an invoice. */
export const handler = async ({ Records }) => ({
  batchItemFailures: Records.filter(({ body }) => JSON.parse(body).invoiceId === undefined).map(({ messageId }) => ({
    itemIdentifier: messageId,
  })),
});
