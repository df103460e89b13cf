/** Names what a data key is for; KMS and AES-GCM both bind the key and the data to it. */
export type SealingContext = Readonly<Record<string, string>>;

/** A data key: 32 bytes in clear, and the same key wrapped by a key that never leaves its keeper. */
export interface DataKey {
  readonly plaintext: Uint8Array;
  readonly wrapped: Uint8Array;
}

/** The keeper of the wrapping key. */
export interface IDataKeys {
  generate(context: SealingContext): Promise<DataKey>;
  /** @throws whatever the keeper says where the context is another than the one at `generate`. */
  unwrap(wrapped: Uint8Array, context: SealingContext): Promise<Uint8Array>;
}
