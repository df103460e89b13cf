import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { DataKey, IDataKeys, SealingContext } from './data-keys';

const present = (bytes: Uint8Array | undefined, name: string): Uint8Array => {
  if (!bytes) throw new Error(`KMS answered without \`${name}\`.`);
  return bytes;
};

/** Data keys under one KMS key. */
export class KmsDataKeys implements IDataKeys {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async generate(context: SealingContext): Promise<DataKey> {
    const { Plaintext, CiphertextBlob } = await this.#client.send(
      new GenerateDataKeyCommand({ KeyId: this.#keyArn, KeySpec: 'AES_256', EncryptionContext: { ...context } }),
    );
    return { plaintext: present(Plaintext, 'Plaintext'), wrapped: present(CiphertextBlob, 'CiphertextBlob') };
  }

  /** Names the key, so that data wrapped by a key of somebody else is refused rather than opened. */
  async unwrap(wrapped: Uint8Array, context: SealingContext): Promise<Uint8Array> {
    const { Plaintext } = await this.#client.send(
      new DecryptCommand({ KeyId: this.#keyArn, CiphertextBlob: wrapped, EncryptionContext: { ...context } }),
    );
    return present(Plaintext, 'Plaintext');
  }
}
