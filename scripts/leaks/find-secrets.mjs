import { createHash } from 'node:crypto';
import { lintSource } from '@secretlint/core';
import { secretLintProfiler } from '@secretlint/profiler';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import { findOwnKinds } from './own-kinds.mjs';

// It keeps a record of every rule and file for as long as the process lives.
secretLintProfiler.setEnabled(false);

/** Comments may not switch the check off: what is allowed stands in `allowed.mjs`, with its reason. */
const BY_COMMENT = '@secretlint/secretlint-rule-filter-comments';

const config = {
  rules: rules.filter(({ meta }) => meta.id !== BY_COMMENT).map((rule) => ({ id: rule.meta.id, rule })),
};

/** What a finding is called where its value must not be said: the hex SHA-256 of the value. */
export const fingerprintOf = (value) => createHash('sha256').update(value).digest('hex');

/** Every secret in a text: its kind, its value and its index. */
export async function findSecrets(path, text) {
  const { messages } = await lintSource({
    source: { filePath: path, content: text, contentType: 'text', ext: path.slice(path.lastIndexOf('.')) },
    options: { config, noPhysicFilePath: true },
  });
  const known = messages.map(({ ruleId, messageId, range: [start, end] }) => ({
    kind: `${ruleId.replace(/^.*secretlint-rule-/, '')}/${messageId}`,
    value: text.slice(start, end),
    index: start,
  }));
  return [...known, ...findOwnKinds(path, text)];
}
