/** What a form lets its holder bring: one object under one key, of one type, and no more bytes than these. */
export interface FormTerms {
  readonly key: string;
  readonly contentType: string;
  readonly maxBytes: number;
  readonly windowSeconds: number;
}

/** A form that S3 accepts by POST: its fields first and as they are, then the file as `file`. */
export interface UploadForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Who makes forms. */
export interface IUploadForms {
  make(terms: FormTerms): Promise<UploadForm>;
}
