import type { AwsAccess, Deployment } from '../../../cli/deployment';

/** A deployment that is nowhere. */
export const deployment: Deployment = {
  environment: 'dev',
  apiUrl: 'https://abc.execute-api.eu-west-1.amazonaws.com/api',
  apiId: 'abc',
  clientPlans: {
    standard: { usagePlanId: 'plan1', sharedKeyId: 'shared1' },
    trial: { usagePlanId: 'plan2', sharedKeyId: 'shared2' },
  },
  usageKeys: 'client',
  revocationSeconds: 60,
  jobsTable: 'jobs',
  clientsTable: 'clients',
  limitsTable: 'limits',
  queueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/work',
  deadLetterQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/dead',
  upstreamSecret: 'secret',
  developerFederation: '',
  controlTable: 'control',
  auditTable: 'audit',
  consumerMappingId: 'mapping-1',
  rotation: {
    rotator: 'rotate-secret',
    sweeper: 'sweep-keys',
    adminSecret: 'admin-secret',
    poolSecret: 'pool-secret',
  },
  spend: {
    controller: 'control-spend',
    clientCaps: { standard: [25_000_000, 250_000_000], trial: [1_000_000, null] },
  },
};

export const access: AwsAccess = { region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
