// The CDK's validator costs more than a second in every test file; `cdk synth --strict` runs it, in its own test.
process.env.CDK_VALIDATION ??= 'false';
