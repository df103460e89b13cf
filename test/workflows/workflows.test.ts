import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Record<string, unknown>;
}

interface Job {
  readonly permissions?: Record<string, string>;
  readonly needs?: string | string[];
  readonly if?: string;
  readonly environment?: string;
  readonly uses?: string;
  readonly with?: Record<string, unknown>;
  readonly steps?: Step[];
}

interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions: unknown;
  readonly concurrency?: Record<string, unknown>;
  readonly jobs: Record<string, Job>;
}

const WORKFLOWS = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  return { file, text, workflow: parse(text) as Workflow };
});

const JOBS = WORKFLOWS.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ path: `${file} ${name}`, job, steps: job.steps ?? [] })),
);

const jobsOf = (file: string): Record<string, Job> => {
  const found = WORKFLOWS.find((candidate) => candidate.file === file);
  return found?.workflow.jobs ?? {};
};

/** How a workflow writes what GitHub puts in. */
const expression = (name: string): string => `\${{ ${name} }}`;

test('there are the two workflows and the step that they share', () => {
  expect(WORKFLOWS.map(({ file }) => file).sort()).toEqual(['check.yml', 'deploy-environment.yml', 'deploy.yml']);
});

describe('actionlint', () => {
  test('finds nothing in them', () => {
    expect(lint()).toEqual({ status: 0, stdout: 'workflows: 3 looked at, 0 found\n', stderr: '' });
  });

  test('finds what is wrong in another', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bulwark-workflows-'));
    const file = join(folder, 'wrong.yml');
    writeFileSync(
      file,
      [
        'on: pull_request',
        'jobs:',
        '  greet:',
        '    runs-on: ubuntu-24.04',
        '    needs: nobody',
        '    steps:',
        `      - run: echo "\${{ github.event.pull_request.title }}"`,
      ].join('\n'),
    );
    try {
      const { status, stderr } = lint(file);

      expect(status).toBe(1);
      expect(stderr).toMatch(/wrong\.yml:3:3: .*"nobody".*\[job-needs\]/);
      expect(stderr).toMatch(/wrong\.yml:7:\d+: .*potentially untrusted.*\[expression\]/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each(WORKFLOWS)('$file', ({ text, workflow }) => {
  test('pins every action by the commit, with the version beside it, and takes nothing else but its neighbours', () => {
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, reference = '']) => reference);

    expect(uses.length).toBeGreaterThan(0);
    expect(
      uses.filter(
        (reference) =>
          !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(reference) &&
          !/^\.\/\.github\/workflows\/[\w-]+\.yml$/.test(reference),
      ),
    ).toEqual([]);
  });

  test('is not started by what brings foreign code and own rights together', () => {
    const known = ['pull_request', 'push', 'workflow_call'];

    expect(Object.keys(workflow.on).filter((event) => !known.includes(event))).toEqual([]);
  });

  test('has no right that a job does not declare', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.values(workflow.jobs).filter(({ permissions }) => permissions === undefined)).toEqual([]);
  });

  test('knows no secret, and no key of AWS', () => {
    expect(text).not.toMatch(/\bsecrets\s*[.[:]/);
    expect(text).not.toMatch(/aws[-_](access|secret|session)|\b(AKIA|ASIA)[0-9A-Z]{8}/i);
  });

  test('writes nothing into a script that somebody else could have written', () => {
    const scripts = Object.values(workflow.jobs).flatMap(({ steps = [] }) =>
      steps.flatMap((step) => [step.run ?? '', String(step.with?.script ?? '')]),
    );

    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });
});

test('the same action is the same commit everywhere', () => {
  const pins = WORKFLOWS.flatMap(({ text }) => [...text.matchAll(/uses: ([\w-]+\/[\w-]+)@(.*)$/gm)]);
  const byAction = Map.groupBy(pins, ([, action]) => action);

  expect([...byAction].filter(([, found]) => new Set(found.map(([, , pin]) => pin)).size > 1)).toEqual([]);
});

test('each job has these rights and no more', () => {
  expect(Object.fromEntries(JOBS.map(({ path, job }) => [path, job.permissions]))).toEqual({
    'check.yml test': { contents: 'read' },
    'check.yml synth': { contents: 'read' },
    'check.yml diff': { contents: 'read', 'id-token': 'write' },
    'check.yml comment': { 'pull-requests': 'write' },
    'deploy.yml build': { contents: 'read' },
    'deploy.yml dev': { contents: 'read', 'id-token': 'write' },
    'deploy.yml staging': { contents: 'read', 'id-token': 'write' },
    'deploy.yml prod': { contents: 'read', 'id-token': 'write' },
    'deploy-environment.yml deploy': { contents: 'read', 'id-token': 'write' },
  });
});

test('no checkout leaves its token behind', () => {
  const checkouts = JOBS.flatMap(({ steps }) => steps).filter(({ uses }) => uses?.startsWith('actions/checkout@'));

  expect(checkouts.length).toBeGreaterThan(0);
  expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
});

test('beside a token no script of a package runs', () => {
  const trusted = JOBS.filter(({ job }) => job.permissions?.['id-token'] === 'write');
  const installs = trusted.flatMap(({ steps }) => steps).filter(({ run }) => /\bnpm (ci|i|install)\b/.test(run ?? ''));

  expect(installs.map(({ run }) => run)).toEqual(['npm ci --ignore-scripts', 'npm ci --ignore-scripts']);
  expect(trusted.flatMap(({ steps }) => steps).filter(({ run }) => /\bnpm (run|test)\b/.test(run ?? ''))).toEqual([]);
});

describe('a pull request', () => {
  const { test: tests, synth, diff, comment } = jobsOf('check.yml');

  test('is tested, searched for leaks and judged by the AwsSolutions pack for each environment', () => {
    const runs = (job?: Job) => (job?.steps ?? []).map(({ run }) => run);

    expect(runs(tests)).toEqual(
      expect.arrayContaining(['npm run leaks', 'npm run leaks:history', 'npm run workflows', 'npm test']),
    );
    expect(runs(synth).join('\n')).toMatch(/for environment in dev staging prod; do\s+npx cdk synth .*--strict/);
  });

  test('of a fork gets no role', () => {
    expect(diff?.if).toContain('github.event.pull_request.head.repo.full_name == github.repository &&');
    expect(comment).toMatchObject({ needs: 'diff' });
    expect(comment?.if).toBeUndefined();
  });

  test('is compared by its own role and in no environment, which would change the subject', () => {
    expect(diff?.environment).toBeUndefined();
    expect(JSON.stringify(diff)).not.toContain('DEPLOY_ROLE_ARN');
  });

  test('is compared by a command that it did not bring, and without a change set', () => {
    const checkout = diff?.steps?.find(({ uses }) => uses?.startsWith('actions/checkout@'));

    expect(checkout?.with?.ref).toBe(expression('github.event.pull_request.base.sha'));
    expect(diff?.steps?.map(({ run }) => run).join('\n')).toMatch(/cdk diff .*--method=template/);
  });

  test('puts nothing of its own upon what runs beside the role', () => {
    const own = expression('runner.temp');
    const downloads = diff?.steps?.filter(({ uses }) => uses?.startsWith('actions/download-artifact@')) ?? [];
    expect(downloads.map((step) => step.with?.path)).toEqual([`${own}/download`]);
    const unpacked = diff?.steps?.filter(({ run }) => run?.includes('tar ')) ?? [];
    expect(unpacked.map(({ run }) => run)).toEqual([expect.stringContaining('--directory "$RUNNER_TEMP/unpacked"')]);
    expect(JSON.stringify(diff)).not.toContain('--app \\"assemblies');
  });

  test.each([
    ['one assembly', 0, (folder: string) => writeFileSync(join(folder, 'assemblies/dev/manifest.json'), '{}')],
    ['no assembly', 1, () => undefined],
    [
      'a link as well',
      1,
      (folder: string) => {
        writeFileSync(join(folder, 'assemblies/dev/manifest.json'), '{}');
        symlinkSync('/etc', join(folder, 'assemblies/dev/asset.1'));
      },
    ],
  ])('of which the archive holds %s ends its unpacking with %i', (_, code, fill) => {
    const temp = mkdtempSync(join(tmpdir(), 'bulwark-unpack-'));
    try {
      mkdirSync(join(temp, 'made/assemblies/dev'), { recursive: true });
      mkdirSync(join(temp, 'download'));
      fill(join(temp, 'made'));
      spawnSync('tar', ['-czf', join(temp, 'download/assemblies.tgz'), '-C', join(temp, 'made'), 'assemblies']);
      const script = diff?.steps?.find(({ run }) => run?.includes('tar '))?.run ?? 'exit 9';
      const env = { ...process.env, RUNNER_TEMP: temp, ENVIRONMENT: 'dev' };
      expect(spawnSync('bash', ['-eo', 'pipefail', '-c', script], { env, cwd: temp }).status).toBe(code);
    } finally {
      rmSync(temp, { recursive: true });
    }
  });

  test('meets the right to write only where none of its code runs', () => {
    expect(
      comment?.steps?.filter(({ run, uses }) => run !== undefined || uses?.startsWith('actions/checkout')),
    ).toEqual([]);
  });
});

describe('a deployment', () => {
  const { build, ...environments } = jobsOf('deploy.yml');

  test('goes from dev to staging to prod, each of them behind the one before', () => {
    expect(build?.needs).toBeUndefined();
    expect(
      Object.entries(environments).map(([name, { needs, uses, with: given }]) => [name, needs, uses, given]),
    ).toEqual([
      ['dev', 'build', './.github/workflows/deploy-environment.yml', { environment: 'dev' }],
      ['staging', 'dev', './.github/workflows/deploy-environment.yml', { environment: 'staging' }],
      ['prod', 'staging', './.github/workflows/deploy-environment.yml', { environment: 'prod' }],
    ]);
  });

  test('is built once, from main alone, and never two at a time or half', () => {
    const { on, concurrency } = WORKFLOWS.find(({ file }) => file === 'deploy.yml')?.workflow ?? {};

    expect(on).toEqual({ push: { branches: ['main'] } });
    expect(concurrency).toEqual({ group: 'deploy', 'cancel-in-progress': false });
    expect(JOBS.filter(({ job }) => JSON.stringify(job).includes('cdk synth')).map(({ path }) => path)).toEqual([
      'check.yml synth',
      'deploy.yml build',
    ]);
    const deploy = jobsOf('deploy-environment.yml')
      .deploy?.steps?.map(({ run }) => run)
      .join('\n');
    expect(deploy).toMatch(/cdk deploy --all --app "assemblies\/\$ENVIRONMENT"/);
  });

  test('runs in the environment whose rules say who approves, and takes nothing from a cache', () => {
    expect(jobsOf('deploy-environment.yml').deploy?.environment).toBe(expression('inputs.environment'));
    const setups = [build, ...Object.values(jobsOf('deploy-environment.yml'))]
      .flatMap((job) => job?.steps ?? [])
      .filter(({ uses }) => uses?.startsWith('actions/setup-node@'));
    expect(setups.map((step) => step.with?.['package-manager-cache'])).toEqual([false, false]);
  });
});

test('docs/delivery.md names every variable that they read', () => {
  const read = WORKFLOWS.flatMap(({ text }) => [...text.matchAll(/\bvars\.(\w+)/g)].map(([, name]) => name));
  const documented = readFileSync(join(ROOT, 'docs/delivery.md'), 'utf8');

  expect([...new Set(read)].sort()).toEqual(['AWS_REGION', 'DEPLOY_ROLE_ARN', 'DIFF_ROLES']);
  expect(read.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
});

function lint(...files: string[]) {
  const script = join(ROOT, 'scripts/lint-workflows.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...files], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
