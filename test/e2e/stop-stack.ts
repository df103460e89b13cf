/** Ends the stack that `start-stack` has brought up. */
export default async function stopStack(): Promise<void> {
  await globalThis.stackUnderTest?.stop();
}
