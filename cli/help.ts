/** What `--help` prints. */
export const HELP = `Usage: bulwark <command> [options]

  clients create   --env NAME --name TEXT [--plan PLAN] [--shared-usage-key]
                                            make a client and print its key, once
  clients list     --env NAME [--status STATE] [--plan PLAN] [--max N]
                                            id, state, plan, ages of the keys and name of every client
  clients rotate   --env NAME --client ID [--overlap AGE | --now | --end WHICH]
                                            print another key of a client, once; the old one lives on for the overlap
  clients revoke   --env NAME --client ID   refuse every request of a client from now on, for good
  clients set-plan --env NAME --client ID --plan PLAN [--shared-usage-key]
                                            let a client do what another plan allows

  dlq list    --env NAME [--where K=V] [--max N]     dead letters: job, client, status, reason, age, receives
  dlq peek    --env NAME [--job ID | --where K=V] [--max N]
                                                     one dead letter after the other, masked
  dlq redrive --env NAME --reason TEXT [--rate N/s] [--max N] [--where K=V] [--dry-run] [--force]
                                                     give dead letters back to the work queue
  dlq purge   --env NAME --reason TEXT [--confirm QUEUE] [--force]
                                                     delete every dead letter; asks for the queue's name

  breaker status --env NAME                 state of the circuit breaker, and of the consumer that it pauses
  breaker open   --env NAME --reason TEXT   make no call to the upstream until somebody closes it
  breaker close  --env NAME --reason TEXT   call the upstream again, without waiting for a probe

  jobs show   --env NAME --job ID                 a job's state, masked
  jobs retry  --env NAME --job ID --reason TEXT   run a failed or dead-lettered job again
  jobs cancel --env NAME --job ID --reason TEXT   end a job that is still queued

  secrets status --env NAME                 age, versions, strategy and next rotation of every secret
  secrets rotate --env NAME [--reason TEXT] [--secret NAME] [--all-older-than AGE] [--force]
                                            make another key current, and wait until it is
  secrets revoke --env NAME --now --reason TEXT [--secret NAME] [--key WHICH] [--yes]
                                            a key has leaked: end it at the provider at once, and fail unless it ended;
                                            asks for the secret's name
  secrets put upstream --env NAME --reason TEXT    take a value from standard input, \`KEY\` or \`ID KEY\`
  secrets put admin    --env NAME --reason TEXT    the same, for the key of the provider's Admin API
  secrets put pool     --env NAME --reason TEXT    the same, for the pool: a line \`ID KEY\` for each key
  secrets exec --env NAME [--as VARIABLE] [--ttl AGE] -- PROGRAM …
                                            run a program with a credential of the upstream in its environment, and
                                            nowhere else: a token for your own role, or a key that ends with the program;
                                            where the provider can give neither, the stored key, with a warning

  spend status  --env NAME [--client ID]    what is spent, reserved and left of each cap, and whether spending is cut off
  spend set     --env NAME --reason TEXT [--day USD] [--month USD] | --reset
                                            other caps in place of the deployed ones, at once
  spend cut     --env NAME --reason TEXT    accept no request and begin no call, until somebody restores it
  spend restore --env NAME --reason TEXT [--force]
                                            let spending go on
  spend prices  --env NAME [--model NAME]   what the service counts with now, and from when on with what else

  doctor --env NAME [--api-url URL]         check everything; for what is wrong, the next command to type

Options of every command:
  --env NAME        environment: local, dev, staging or prod
  --region REGION   Region of its stacks (default: AWS_REGION, or the profile's)
  --endpoint URL    endpoint of every AWS service, such as an emulator's (default: AWS_ENDPOINT_URL, or AWS itself)
  --json            print the outcome as one JSON document
  --help            print this

Options of some:
  --reason TEXT     why: it is kept in the audit, with who, what and the result (may be left out for clients)
  --plan PLAN       name of a plan in bin/environments.ts (default for create: standard)
  --shared-usage-key
                    share the usage key of the plan, as an account has 10 000 keys of API Gateway in a Region
  --status STATE    only clients that are active or revoked
  --overlap AGE     how long the old key lives on, up to 90d (default: 7d)
  --end WHICH       make no key and end one of two live ones: old, to end an overlap early, or new, to take it back
  --where K=V       only dead letters of this \`reason\`, \`client\`, \`status\` or \`job\`; may be given again
  --rate N/s        messages a second at most, 1 to 500 (default: 10/s)
  --max N           messages or clients at most (default: all; 100 for dlq list, 1 for peek)
  --dry-run         say what would be moved, and move nothing
  --force           go on although a gate refuses, such as an open breaker; abandon a rotation that is stuck;
                    restore although the cap is used up, so that spending is cut off again within a minute
  --confirm QUEUE   the dead-letter queue's name, where nobody can be asked
  --api-url URL     address of the API, where it is not the one that the stack names
  --secret NAME     upstream, admin or pool (default: every secret that rotates)
  --all-older-than AGE
                    only secrets whose current key is older, such as 30d, 12h or 90m
  --key WHICH       which key leaked: current (default), previous, or the provider's id of one from before
  --now             leave the old key no grace: it is ended at once
  --day USD, --month USD
                    cap of a UTC day or month in US dollars, such as 50 or 0.25; in JSON, amounts are micro-USD
  --reset           back to the deployed caps
  --client ID       also what this client has spent, under the caps of its plan
  --model NAME      only this model
  --yes             do not ask, where nobody can be asked
  --as VARIABLE     environment variable that gets the credential (default: the one that the provider's clients read:
                    ANTHROPIC_AUTH_TOKEN for a token, ANTHROPIC_API_KEY or OPENAI_API_KEY for a key)
  --ttl AGE         how long a key that is made for the program lives at most, 1m to 12h (default: 1h)

Exit codes: 0 done, 1 failed or refused, 2 wrong usage; that of the program for \`exec\`. Credentials are found as by the AWS CLI.`;
