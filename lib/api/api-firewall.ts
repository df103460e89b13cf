import { type Duration, Validations } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import type { ConfigCheck } from '../config-error';
import type { EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import type { ApiThrottle } from './throttle';
import { associate, checkWebAcl, DEFAULT_RATE_LIMIT, DEFAULT_RATE_WINDOW, WebAcl, type WebAclProps } from './web-acl';

/** ARN of a web ACL for Regional resources. */
const WEB_ACL_ARN = /^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional\/webacl\/[^/]+\/[^/]+$/;

/** Words below which a reason says nothing. */
const LEAST_WORDS = 5;

/** What a firewall takes over from its API unless it has settings of its own. */
export interface FirewalledApi {
  readonly stage: apigateway.Stage;
  readonly clientThrottle: ApiThrottle;
  readonly log: EncryptedLogGroupProps;
}

/** Which web ACL (AWS WAF) stands before an API. */
export class ApiFirewall {
  /**
   * A web ACL of the API's own: about 13 US dollars a month and 0.60 a million requests. See `WebAcl`.
   *
   * Unless `rateLimit` is given, an address may ask as much as one client may, and 2000 at least. Unless `log` is given,
   * the log has the settings of the access log.
   */
  public static managed(props: WebAclProps = {}): ApiFirewall {
    return new ApiFirewall({ props });
  }

  /**
   * A web ACL that is there already, such as one that stands before several APIs. It has to let prompts through by
   * itself: those of `WebAcl` do, on the paths that are named to it.
   *
   * @param webAclArn ARN of a Regional web ACL in the API's Region
   */
  public static existing(webAclArn: string): ApiFirewall {
    return new ApiFirewall({ webAclArn });
  }

  /**
   * None.
   *
   * @param reason why there is none, in at least five words; it answers cdk-nag's AwsSolutions-APIG3
   */
  public static none(reason: string): ApiFirewall {
    return new ApiFirewall({ reason });
  }

  private constructor(
    private readonly choice: { readonly props?: WebAclProps; readonly webAclArn?: string; readonly reason?: string },
  ) {}

  /** @internal */
  public _check(check: ConfigCheck): void {
    const { props, webAclArn, reason } = this.choice;
    if (props) checkWebAcl(check, props, 'firewall.');
    if (webAclArn !== undefined) {
      check.require(WEB_ACL_ARN.test(webAclArn), 'firewall', 'must be the ARN of a Regional web ACL', webAclArn);
    }
    if (reason !== undefined) {
      const words = reason.split(/\s+/).filter(Boolean).length;
      check.require(words >= LEAST_WORDS, 'firewall', `must say why in at least ${LEAST_WORDS} words`, `"${reason}"`);
    }
  }

  /**
   * Puts the web ACL before the stage; answers it where it is the API's own.
   *
   * @internal
   */
  public _protect(scope: Construct, { stage, clientThrottle, log }: FirewalledApi): WebAcl | undefined {
    const { props, webAclArn, reason } = this.choice;
    if (reason !== undefined) Validations.of(stage).acknowledge({ id: 'AwsSolutions-APIG3', reason });
    if (webAclArn !== undefined) associate(scope, 'Firewall', stage, webAclArn);
    if (!props) return undefined;
    const { logGroupName: _, ...logSettings } = log;
    const rateLimit = props.rateLimit ?? leastRate(clientThrottle, props.rateWindow);
    const webAcl = new WebAcl(scope, 'Firewall', { ...props, rateLimit, log: props.log ?? logSettings });
    webAcl.protect(stage);
    return webAcl;
  }
}

/** A client that stays within its own throttle must not be blocked by its address. */
function leastRate({ rateLimit, burstLimit }: ApiThrottle, window: Duration = DEFAULT_RATE_WINDOW): number {
  return Math.max(DEFAULT_RATE_LIMIT, rateLimit * window.toSeconds() + burstLimit);
}
