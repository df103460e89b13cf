import type { MiddlewareObj, Request } from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

/** What every answer says, of whatever kind: it is what its content type says, and no browser guesses another. */
const HEADERS = { 'x-content-type-options': 'nosniff' } as const;

/** Gives each answer, a problem document too, the headers that keep a browser from making something else of it. */
export const responseHeaders = (): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> => {
  const add = ({ response }: Request<APIGatewayProxyEvent, APIGatewayProxyResult>) => {
    if (response) response.headers = { ...response.headers, ...HEADERS };
  };

  return {
    after: function responseHeadersAfter(request) {
      add(request);
    },
    onError: function responseHeadersOnError(request) {
      add(request);
    },
  };
};
