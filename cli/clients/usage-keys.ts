import { randomBytes } from 'node:crypto';
import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
} from '@aws-sdk/client-api-gateway';
import { UsageKeyKind, type UsageKeyKindValue } from '../../lib/contract/client-rows';
import type { PlanIds } from '../../lib/contract/outputs';
import { CommandFailure } from '../failure';
import type { Place } from './client-table';

/** A usage key that a client's row may name. */
export interface UsageKey {
  readonly kind: UsageKeyKindValue;
  readonly value: string;
  /** Id of a key that was made just now, for this client alone. */
  readonly madeId?: string;
  /** Whether it is a shared one because the account has no room for another. */
  readonly isMakeshift: boolean;
}

/** A usage key of one client's own, as API Gateway has it. */
export interface OwnUsageKey {
  readonly id: string;
  readonly value?: string;
  readonly createdMs?: number;
}

/** The usage keys by which API Gateway tells clients apart. They open nothing: an authorizer names them, no client. */
export class UsageKeyRing {
  readonly #gateway: APIGatewayClient;

  constructor(readonly place: Place) {
    this.#gateway = new APIGatewayClient({ ...place.access });
  }

  /** A new key of the client's own in the usage plan of its plan; the plan's shared one where the account is full. */
  async obtain(clientId: string, plan: PlanIds, kind: UsageKeyKindValue): Promise<UsageKey> {
    if (kind === UsageKeyKind.PLAN) return this.#shared(plan, false);
    const value = randomBytes(24).toString('hex');
    const id = await this.#create(clientId, value);
    if (id === undefined) return this.#shared(plan, true);
    try {
      await this.#gateway.send(
        new CreateUsagePlanKeyCommand({ usagePlanId: plan.usagePlanId, keyId: id, keyType: 'API_KEY' }),
      );
    } catch (error) {
      await this.delete(id).catch(() => undefined);
      throw error;
    }
    return { kind, value, madeId: id, isMakeshift: false };
  }

  /** Takes back a key that `obtain` made and that no row names. */
  async takeBack({ madeId }: UsageKey): Promise<void> {
    if (madeId !== undefined) await this.delete(madeId).catch(() => undefined);
  }

  /** Every usage key of a client's own: the one in use, and what commands that were cut off have left. */
  async ofClient(clientId: string): Promise<OwnUsageKey[]> {
    const nameQuery = this.#nameOf(clientId);
    const { items = [] } = await this.#gateway.send(
      new GetApiKeysCommand({ nameQuery, limit: 500, includeValues: true }),
    );
    // The query is for a beginning.
    return items
      .filter(({ name }) => name === nameQuery)
      .map(({ id = '', value, createdDate }) => ({ id, value, createdMs: createdDate?.getTime() }));
  }

  /** Deletes a key; one that is gone already is no error. */
  async delete(id: string): Promise<void> {
    await this.#gateway.send(new DeleteApiKeyCommand({ apiKey: id })).catch((error: Error) => {
      if (error.name !== 'NotFoundException') throw error;
    });
  }

  /** Value of the key that clients of a plan share. */
  async sharedValue({ sharedKeyId }: PlanIds): Promise<string> {
    const { value } = await this.#gateway.send(new GetApiKeyCommand({ apiKey: sharedKeyId, includeValue: true }));
    if (!value) throw new CommandFailure(`API Gateway does not tell the value of usage key ${sharedKeyId}`);
    return value;
  }

  async #shared(plan: PlanIds, isMakeshift: boolean): Promise<UsageKey> {
    return { kind: UsageKeyKind.PLAN, value: await this.sharedValue(plan), isMakeshift };
  }

  /** Answers undefined where the account has as many keys in this Region as it may. */
  async #create(clientId: string, value: string): Promise<string | undefined> {
    try {
      const name = this.#nameOf(clientId);
      const { id } = await this.#gateway.send(new CreateApiKeyCommand({ name, value, enabled: true }));
      return id ?? '';
    } catch (error) {
      if ((error as Error).name !== 'LimitExceededException') throw error;
      return undefined;
    }
  }

  #nameOf(clientId: string): string {
    return `bulwark-${this.place.deployment.environment}-${clientId}`;
  }
}
