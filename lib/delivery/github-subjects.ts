/** Which form the subjects of a repository's tokens have. GitHub decides that for each repository. */
export enum GithubSubjectFormat {
  /**
   * `repo:OWNER@OWNER_ID/REPO@REPO_ID:…`: what repositories have that were made, renamed or transferred since
   * 15 July 2026, or that have opted in. A name that changes hands carries another id, and is refused.
   */
  IMMUTABLE = 'immutable',
  /** `repo:OWNER/REPO:…`: of older repositories. Whoever gets the name after you is trusted in your place. */
  LEGACY = 'legacy',
  /** Both of them, while a repository changes from one to the other; as weak as `LEGACY`. */
  BOTH = 'both',
}

/** A repository by its names, and by the ids that outlive them. */
export interface RepositoryIdentity {
  readonly owner: string;
  readonly ownerId: string;
  readonly repo: string;
  readonly repoId: string;
}

/** Subjects of a workflow's job that runs in one environment of GitHub, whatever its branch or event. */
export function environmentSubjects(
  repository: RepositoryIdentity,
  format: GithubSubjectFormat,
  environment: string,
): string[] {
  return repositorySubjects(repository, format).map((subject) => `${subject}:environment:${environment}`);
}

/** Subjects of a job that runs for a pull request, in no environment. */
export function pullRequestSubjects(repository: RepositoryIdentity, format: GithubSubjectFormat): string[] {
  return repositorySubjects(repository, format).map((subject) => `${subject}:pull_request`);
}

function repositorySubjects(
  { owner, ownerId, repo, repoId }: RepositoryIdentity,
  format: GithubSubjectFormat,
): string[] {
  const immutable = `repo:${owner}@${ownerId}/${repo}@${repoId}`;
  const legacy = `repo:${owner}/${repo}`;
  switch (format) {
    case GithubSubjectFormat.IMMUTABLE:
      return [immutable];
    case GithubSubjectFormat.LEGACY:
      return [legacy];
    case GithubSubjectFormat.BOTH:
      return [immutable, legacy];
  }
}
