import { CredentialRejectedError } from '../../runtime/rotation/errors';
import { AdminApiError } from './errors';
import { entriesOf, JsonApi, type JsonApiOptions } from './json-api';

const NAME = 'try the key by listing models';

/**
 * Lists models with a key: what a proxy or a captive page answers does not pass for success.
 * @throws CredentialRejectedError where the key is refused; AdminApiError where nobody can tell.
 */
export const verifyByModels = async (options: JsonApiOptions, path: string): Promise<void> => {
  try {
    entriesOf(NAME, await new JsonApi(options).call({ name: NAME, method: 'GET', path }));
  } catch (error) {
    // Nothing else speaks against the key: a 403 may be a proxy's.
    const isRefused = error instanceof AdminApiError && error.status === 401;
    throw isRefused ? new CredentialRejectedError(error) : error;
  }
};
