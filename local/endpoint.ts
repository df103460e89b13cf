import type { AwsAccess, Deployment } from '../cli/deployment';
import { API_STAGE } from '../lib/contract/outputs';

/** Region and account of the local environment; an emulator takes any credentials. */
export const LOCAL_REGION = 'us-east-1';
export const LOCAL_ACCOUNT = '000000000000';
const MADE_UP_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Whether an endpoint is AWS itself and not an emulator. */
export const isAws = (endpoint: string): boolean => /(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);

/** Region of an endpoint: that in the name of an AWS endpoint, else that of the local environment. */
export const regionOf = (endpoint: string): string =>
  isAws(endpoint)
    ? (/\.([a-z]{2}(-[a-z]+)+-\d)\./.exec(new URL(endpoint).hostname)?.[1] ?? LOCAL_REGION)
    : LOCAL_REGION;

/** How the SDK reaches an endpoint: an emulator with made-up credentials, AWS with the user's own. */
export function accessTo(endpoint: string): AwsAccess {
  return isAws(endpoint)
    ? { region: regionOf(endpoint) }
    : { region: LOCAL_REGION, endpoint, credentials: MADE_UP_CREDENTIALS };
}

/**
 * The environment of the `cdk` CLI and of every other child that talks to an endpoint. For an emulator nothing of the
 * user's own AWS settings is left in it, so that no mistake can reach a real account.
 */
export function environmentFor(endpoint: string, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const common = { CI: '1', NO_COLOR: '1', CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' };
  if (isAws(endpoint)) return { ...base, ...common, AWS_REGION: regionOf(endpoint) };
  const withoutAws = Object.fromEntries(
    Object.entries(base).filter(([name]) => !/^(AWS_|CDK_|NODE_OPTIONS$)/.test(name)),
  );
  return {
    ...withoutAws,
    ...common,
    // The synthesised template is checked by the tests; here it would cost a second.
    CDK_VALIDATION: 'false',
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: MADE_UP_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: MADE_UP_CREDENTIALS.secretAccessKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Base URL of the deployed API: an emulator serves every API on its own address. */
export function apiUrlAt(endpoint: string, deployment: Deployment): string {
  if (isAws(endpoint)) return deployment.apiUrl;
  return `${endpoint}/restapis/${deployment.apiId}/${API_STAGE}/_user_request_`;
}
