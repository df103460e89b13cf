import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { ConfigCheck } from '../config-error';

/** One route of a `GuardedApi`. */
export interface ApiRoute {
  /** HTTP method; `HttpMethod.ALL` is refused, as a route must say what it answers. */
  readonly method: lambda.HttpMethod;

  /** Path from the root, such as `/v1/jobs/{id}`. */
  readonly path: string;

  /** Function that answers, through a proxy integration. */
  readonly handler: lambda.IFunction;

  /**
   * JSON schema (draft 4) that a JSON body must match before the handler is called. Only for POST, PUT and PATCH.
   * A body of another content type is not checked by the gateway: the handler must refuse it.
   *
   * @default - the body is not checked
   */
  readonly schema?: apigateway.JsonSchema;

  /**
   * Whether the body is a prompt: then it may be longer than 8 KiB, and hold code, markup and queries, without the
   * firewall taking it for an attack.
   *
   * @default false
   */
  readonly takesPrompts?: boolean;

  /**
   * Whether anybody may call it, without a client key.
   *
   * @default false
   */
  readonly isPublic?: boolean;
}

const METHODS_WITH_BODY = new Set([lambda.HttpMethod.POST, lambda.HttpMethod.PUT, lambda.HttpMethod.PATCH]);

/** Literal segments and `{parameters}` of the characters that API Gateway takes, no trailing slash. */
export const ROUTE_PATH = /^(\/([A-Za-z0-9:._$-]+|\{[A-Za-z0-9:._$-]+\+?\}))+$/;

export function checkRoute(check: ConfigCheck, route: ApiRoute): void {
  check
    .require(route.method !== lambda.HttpMethod.ALL, 'method', 'must be one method', 'HttpMethod.ALL')
    .require(ROUTE_PATH.test(route.path), 'path', 'must be like `/v1/jobs/{id}`', route.path)
    .require(
      route.schema === undefined || METHODS_WITH_BODY.has(route.method),
      'schema',
      'is only for POST, PUT and PATCH',
      route.method,
    )
    .require(
      !route.takesPrompts || METHODS_WITH_BODY.has(route.method),
      'takesPrompts',
      'is only for POST, PUT and PATCH',
      route.method,
    )
    .throwProblems();
}
