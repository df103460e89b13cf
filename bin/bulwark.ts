#!/usr/bin/env -S node --import tsx
import { runBulwark } from '../cli/main';

void runBulwark(process.argv.slice(2), { print: console.log, printError: console.error }).then((code) => {
  process.exitCode = code;
});
