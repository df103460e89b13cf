#!/usr/bin/env -S node --import tsx
import { createInterface } from 'node:readline/promises';
import { runBulwark } from '../cli/main';

const { stdin, stderr } = process;

/** Asks on standard error, so that standard output stays the outcome alone. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

// The first signal lets the command end in order; the handler then gone, a second one ends the process.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

const output = { print: console.log, printError: console.error, ...(stdin.isTTY && stderr.isTTY && { ask }) };

void runBulwark(process.argv.slice(2), output, { signal: interruption.signal }).then((code) => {
  process.exitCode = code;
});
