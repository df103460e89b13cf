import { distinctFaults } from './distinct-faults';
import type { RequestFault } from './errors';

/** A finding of a validator that was compiled from a schema of the contract. */
export interface SchemaFinding {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
}

/**
 * What is wrong where, each said once. An unknown property is answered with the known ones of its place: its own name is
 * the client's text, and is not echoed.
 */
export const schemaFaults = (
  findings: readonly SchemaFinding[],
  propertiesAt: (instancePath: string) => readonly string[],
): RequestFault[] => {
  const detailOf = ({ keyword, instancePath, message }: SchemaFinding): string =>
    keyword === 'additionalProperties'
      ? `must have no other properties than ${propertiesAt(instancePath).join(', ')}`
      : (message ?? keyword);
  return distinctFaults(
    findings.map((finding) => ({ pointer: `#${finding.instancePath}`, detail: detailOf(finding) })),
  );
};
