/**
 * Names of the encryption context under which a job's data key is wrapped. The functions' rights on the key name
 * exactly these, so that a handler that used others would be refused by KMS.
 */
export const JOB_SEALING_CONTEXT = ['jobId', 'clientId'] as const;

export type JobSealingContext = Readonly<Record<(typeof JOB_SEALING_CONTEXT)[number], string>>;
