/** Where everything of an application lies on a host: Capistrano's tree, and ours in `.capstan`, where it does not look. */
export interface Layout {
  /** The stage's `deployTo`. */
  readonly root: string
  readonly releases: string
  /** A link to the release that is live, by its absolute path: Capistrano's cleanup compares the text. */
  readonly current: string
  readonly shared: string
  /** The bare mirror of the git repository. */
  readonly repo: string
  readonly revisionLog: string
  /** The folder of what a host knows of deploys. */
  readonly state: string
  /** JSON: the deploy at work or the one that was cut off, and its phase. */
  readonly deployNote: string
  /** JSON: who closed the stage to deploys, and why. */
  readonly closedNote: string
  readonly lock: string
  /** One line of JSON for each deploy and rollback. */
  readonly audit: string
  readonly manifests: string
  readonly instances: string
  /** The folder of a release. */
  release(name: string): string
  /** JSON: what is known of a release. It is not in the release: Capistrano warns of names there that it did not give. */
  manifest(name: string): string
}

/** In a release: the environment of its services, which comes back with it. Readable by nobody else. */
export const ENVIRONMENT_FILE = '.capstan-environment'

/** In a release: what its workers run. */
export const CAPSTAN_PROGRAM = 'node_modules/capstan/bin/capstan.cjs'

/** @param deployTo an absolute path without a slash at its end */
export function layoutOf(deployTo: string): Layout {
  const inRoot = (name: string) => `${deployTo}/${name}`
  const inState = (name: string) => inRoot(`.capstan/${name}`)
  return {
    root: deployTo,
    releases: inRoot('releases'),
    current: inRoot('current'),
    shared: inRoot('shared'),
    repo: inRoot('repo'),
    revisionLog: inRoot('revisions.log'),
    state: inRoot('.capstan'),
    deployNote: inState('deploy.json'),
    closedNote: inState('closed.json'),
    lock: inState('lock'),
    audit: inState('audit.jsonl'),
    manifests: inState('releases'),
    instances: inState('instances'),
    release: (name) => inRoot(`releases/${name}`),
    manifest: (name) => inState(`releases/${name}.json`),
  }
}
