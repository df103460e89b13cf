import { submissionSchema } from '../../lib/contract/submission-schema';
import type { ValidationError } from '../generated/validate-submission.mjs';
import type { RequestFault } from '../runtime/problems/errors';

const topLevel = Object.keys(submissionSchema.properties).join(', ');
const perMessage = Object.keys(submissionSchema.properties.messages.items.properties).join(', ');

/** An unknown property is answered with the known ones: its own name is the client's text, and is not echoed. */
const detailOf = ({ keyword, instancePath, message }: ValidationError): string => {
  if (keyword !== 'additionalProperties') return message ?? keyword;
  return `must have no other properties than ${instancePath === '' ? topLevel : perMessage}`;
};

/** What is wrong where, each said once. */
export const requestFaults = (errors: readonly ValidationError[]): RequestFault[] => {
  const faults = errors.map((error) => ({ pointer: `#${error.instancePath}`, detail: detailOf(error) }));
  return [...new Map(faults.map((fault) => [`${fault.pointer} ${fault.detail}`, fault])).values()];
};
