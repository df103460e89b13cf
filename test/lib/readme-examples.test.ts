import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');

/** The pages with examples: every README below lib/, and docs/. */
const PAGES = ['lib', 'docs'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => (folder === 'lib' ? path.endsWith('README.md') : path.endsWith('.md')))
    .map((path) => join(folder, path)),
);

/** Their examples, each as a file that would lie beside its page. */
const EXAMPLES = PAGES.flatMap((path) => {
  const page = readFileSync(join(ROOT, path), 'utf8');
  return [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = ''], index) => ({
    name: `${path} example ${index + 1}`,
    file: join(ROOT, path.replace(/[\w-]+\.md$/, `example-${index + 1}.ts`)),
    text,
  }));
});

test('every domain has an example', () => {
  const domains = ['api', 'delivery', 'functions', 'logs', 'queue', 'secrets', 'spend', 'stacks', 'uploads'];

  expect(domains.filter((domain) => !EXAMPLES.some(({ name }) => name.startsWith(`lib/${domain}/`)))).toEqual([]);
});

test('the examples compile against the public API, and one that asks for more does not', () => {
  const wrong = {
    file: join(ROOT, 'lib/queue/example-wrong.ts'),
    text: "import { NoSuchConstruct } from 'cdk-bulwark';\nnew NoSuchConstruct();\n",
  };

  expect(compile([...EXAMPLES, wrong])).toEqual([
    "lib/queue/example-wrong.ts: Module '\"cdk-bulwark\"' has no exported member 'NoSuchConstruct'.",
  ]);
}, 60_000);

test.each(EXAMPLES)('$name synthesises', ({ text, file }) => {
  const { outputText } = ts.transpileModule(`${text}\nexport const root = ${nameOfRoot(text)};`, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
    fileName: file,
  });
  const exported: { root?: { node: { root: { synth(): { stacks: unknown[] } } } } } = {};

  new Function('require', 'exports', outputText)(require, exported);

  expect(exported.root?.node.root.synth().stacks.length).toBeGreaterThan(0);
});

/** The app or stack that the example holds in a variable. */
function nameOfRoot(text: string): string {
  const name = /^const (\w+) = new (?:App|Stack)\(/m.exec(text)?.[1];
  if (name === undefined) {
    throw new Error(`The example makes neither an app nor a stack:\n${text}`);
  }
  return name;
}

/** What the compiler says of files that exist in memory only. */
function compile(files: readonly { readonly file: string; readonly text: string }[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const path = file ? relative(ROOT, file.fileName) : 'program';
    return `${path}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
