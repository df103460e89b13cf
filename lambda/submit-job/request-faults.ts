import { submissionSchema } from '../../lib/contract/submission-schema';
import type { RequestFault } from '../runtime/problems/errors';
import { type SchemaFinding, schemaFaults } from '../runtime/problems/schema-faults';

const topLevel = Object.keys(submissionSchema.properties);
const perMessage = Object.keys(submissionSchema.properties.messages.items.properties);

/** Every name that a submission may use. */
export const SUBMISSION_NAMES: ReadonlySet<string> = new Set([...topLevel, ...perMessage]);

/** What is wrong where in a submission, each said once. */
export const requestFaults = (errors: readonly SchemaFinding[]): RequestFault[] =>
  schemaFaults(errors, (instancePath) => (instancePath === '' ? topLevel : perMessage));
