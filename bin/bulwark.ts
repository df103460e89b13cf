#!/usr/bin/env -S node --import tsx
import { ask } from '../cli/ask';
import { runBulwark } from '../cli/main';

const { stdin, stderr } = process;

// The first signal lets the command end in order; the handler then gone, a second one ends the process.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

const output = {
  print: console.log,
  printError: console.error,
  // Asked on standard error, so that standard output stays the outcome alone.
  ...(stdin.isTTY && stderr.isTTY && { ask: (question: string) => ask(question, stdin, stderr) }),
};

void runBulwark(process.argv.slice(2), output, { signal: interruption.signal }).then((code) => {
  process.exitCode = code;
});
