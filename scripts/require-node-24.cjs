// Runs before the project's scripts: Node 24 is the major version of the Lambda runtime.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `bulwark: Node 24 is needed, got ${process.versions.node}: on Linux run \`npm ci\` (it brings Node 24 along), elsewhere \`nvm install\` (.nvmrc names the version).`,
  );
  process.exit(1);
}
