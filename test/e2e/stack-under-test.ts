import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { createClient } from '../../cli/clients/create-client';
import { JobsTable } from '../../lib/contract/tables';
import { ApiClient } from '../../local/api-client';
import { countQueue } from '../../local/dead-letters';
import type { GapReport } from '../../local/emulator-gaps/all-gaps';
import { accessTo } from '../../local/endpoint';
import type { StackAddresses } from '../../local/stack';
import { UpstreamControl } from '../../local/upstream-control';

/** How `start-stack` hands the stack over to the test files. */
export const ADDRESSES_VARIABLE = 'BULWARK_E2E_STACK';

/** Milliseconds within which any job of these tests has ended, a poisoned one included. */
export const ENDED_WITHIN_MS = 90_000;

/** The stack that is up for all test files. */
export class StackUnderTest {
  readonly addresses: StackAddresses;
  readonly gaps: readonly GapReport[];
  readonly access;
  readonly upstream: UpstreamControl;
  readonly tables: DynamoDBDocumentClient;

  constructor() {
    const handedOver = JSON.parse(process.env[ADDRESSES_VARIABLE] ?? '{}');
    this.addresses = handedOver.addresses;
    this.gaps = handedOver.gaps;
    this.access = accessTo(this.addresses.endpoint);
    this.upstream = new UpstreamControl(this.addresses.upstreamUrl);
    this.tables = DynamoDBDocumentClient.from(new DynamoDBClient({ ...this.access }));
  }

  /** Makes a client of its own for a test file, so that files do not meet. */
  async newClient(name: string): Promise<{ readonly api: ApiClient; readonly clientId: string; readonly key: string }> {
    const { clientId, key } = await createClient(this.addresses.deployment, this.access, { name });
    return { api: new ApiClient(this.addresses.apiUrl, key), clientId, key };
  }

  /** A row of the jobs table. */
  async row(jobId: string, part: string = JobsTable.JOB_PART): Promise<Record<string, unknown> | undefined> {
    const TableName = this.addresses.deployment.jobsTable;
    const { Item } = await this.tables.send(new GetCommand({ TableName, Key: { jobId, part }, ConsistentRead: true }));
    return Item;
  }

  /** How many rows of the jobs table belong to a client. */
  async countRowsOf(clientId: string): Promise<number> {
    return (await this.rowsOf(clientId)).length;
  }

  /** Ids, states and labels of a client's jobs, as the table has them. */
  async rowsOf(clientId: string): Promise<{ jobId: string; status: string; labels?: string[] }[]> {
    const pages = paginateScan(
      { client: this.tables },
      {
        TableName: this.addresses.deployment.jobsTable,
        FilterExpression: 'clientId = :clientId',
        ExpressionAttributeValues: { ':clientId': clientId },
        ProjectionExpression: 'jobId, #status, #labels',
        ExpressionAttributeNames: { '#status': 'status', '#labels': 'labels' },
        ConsistentRead: true,
      },
    );
    const rows: Record<string, unknown>[] = [];
    for await (const { Items = [] } of pages) rows.push(...Items);
    return rows as { jobId: string; status: string; labels?: string[] }[];
  }

  /** Messages in the work queue, waiting or being processed. */
  countWaiting(): Promise<number> {
    return countQueue(this.addresses, this.addresses.deployment.queueUrl);
  }
}

/** A marker for a prompt that no other test uses. */
export const newMarker = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;
