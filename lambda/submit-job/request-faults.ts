import { submissionSchema } from '../../lib/contract/submission-schema';
import type { ValidationError } from '../generated/validate-submission.mjs';
import { distinctFaults } from '../runtime/problems/distinct-faults';
import type { RequestFault } from '../runtime/problems/errors';

const topLevel = Object.keys(submissionSchema.properties);
const perMessage = Object.keys(submissionSchema.properties.messages.items.properties);

/** Every name that a submission may use. */
export const SUBMISSION_NAMES: ReadonlySet<string> = new Set([...topLevel, ...perMessage]);

/** An unknown property is answered with the known ones: its own name is the client's text, and is not echoed. */
const detailOf = ({ keyword, instancePath, message }: ValidationError): string => {
  if (keyword !== 'additionalProperties') return message ?? keyword;
  return `must have no other properties than ${(instancePath === '' ? topLevel : perMessage).join(', ')}`;
};

/** What is wrong where, each said once. */
export const requestFaults = (errors: readonly ValidationError[]): RequestFault[] =>
  distinctFaults(errors.map((error) => ({ pointer: `#${error.instancePath}`, detail: detailOf(error) })));
