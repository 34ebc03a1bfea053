import { maskedSetting } from '../mask.ts'
import { closedText, unfinishedText } from '../on-host/notes.ts'
import type { PreflightFacts } from '../phases/preflight-facts.ts'
import { stateOf } from '../release.ts'
import { parseRevisionLogLine } from '../revision-log.ts'
import type { Stage } from '../stage.ts'
import { error, note, type Remark, warning } from './host-finding.ts'
import type { TreeFacts } from './probe-tree.ts'

/** What lies in the folder of the application, who deployed it, and what a deploy by us would do differently. */
export function treeRemarks(stage: Stage, facts: PreflightFacts, tree: TreeFacts): Remark[] {
  return [
    ...releaseRemarks(stage, facts),
    ...currentRemarks(stage, facts, tree),
    ...deployerRemarks(facts, tree),
    ...repositoryRemarks(stage, tree),
    ...linkRemarks(stage, tree),
    ...noteRemarks(stage, facts),
  ]
}

function releaseRemarks({ deployTo, keep }: Stage, { releases }: PreflightFacts): Remark[] {
  if (releases.length === 0) return [note(`${deployTo} has no release yet`)]
  const count = (state: string) => releases.filter((release) => stateOf(release) === state).length
  const kinds = ['good', 'incomplete', 'bad'].flatMap((state) =>
    count(state) === 0 ? [] : [`${count(state)} ${state}`],
  )
  const live = releases.find(({ isCurrent }) => isCurrent)
  const ours = live?.manifest === null ? ', made by Capistrano' : ''
  return [
    note(
      `${deployTo} has ${releases.length === 1 ? '1 release' : `${releases.length} releases`} (${kinds.join(', ')}); ` +
        `${keep === 1 ? '1 good one is' : `${keep} good ones are`} kept` +
        (live === undefined ? '; none is live' : `; live is ${live.name}${ours}`),
    ),
  ]
}

function currentRemarks(
  { deployTo }: Stage,
  { current, hasStaleLink }: PreflightFacts,
  tree: TreeFacts,
): Remark[] {
  const remarks: Remark[] = []
  if (current.kind === 'link' && current.release === undefined)
    remarks.push(
      error(
        `${deployTo}/current points to ${tree.currentText}, which is not there`,
        'deploy or roll back: it is made anew',
      ),
    )
  else if (tree.currentText !== null && !tree.currentText.startsWith('/'))
    remarks.push(
      warning(
        `${deployTo}/current is a relative link: Capistrano's cleanup compares the text and may remove the live release`,
        'the next deploy by Capstan makes it absolute',
      ),
    )
  if (hasStaleLink)
    remarks.push(
      warning(
        `${deployTo}/releases/current was left by a deploy of Capistrano that died: its next deploy would publish the old release and say that all is well`,
        `rm ${deployTo}/releases/current`,
      ),
    )
  for (const { path, owner } of tree.unwritable)
    remarks.push(
      error(
        `${deployTo}/${path} belongs to ${owner}, and the user that deploys may not write to it`,
        `deploy as ${owner}, or as root: chown -R USER ${deployTo}/${path}`,
      ),
    )
  return remarks
}

function deployerRemarks({ releases }: PreflightFacts, { lastRevision }: TreeFacts): Remark[] {
  if (lastRevision === null) return []
  const entry = parseRevisionLogLine(lastRevision)
  if (entry === null) return [note(`last line of revisions.log, in words of its own: ${lastRevision}`)]
  const { kind, release, by } = entry
  // Who and what may be empty: a deploy may have had no name of a user, and code that came from no branch.
  const branch = kind === 'rollback' || entry.branch === '' ? '' : `branch ${entry.branch} as `
  const what = kind === 'rollback' ? 'rolled back to' : `deployed ${branch}`.trimEnd()
  const known = releases.find(({ name }) => name === release)
  const isForeign = known?.manifest === null && releases.some(({ manifest }) => manifest !== null)
  return [
    note(`${by === '' ? 'somebody' : by} ${what} release ${release}, says revisions.log`),
    ...(isForeign
      ? [
          warning(
            `release ${release} was deployed by Capistrano after Capstan had deployed here; neither sees the lock of the other`,
            'agree on one of them for each stage',
          ),
        ]
      : []),
  ]
}

function repositoryRemarks({ source }: Stage, { repository }: TreeFacts): Remark[] {
  if (repository === null) return []
  const shown = maskedSetting('source.git', repository)
  if (!('git' in source) || source.git === repository) return [note(`the repository is ${shown}`)]
  return [
    warning(
      `the mirror in repo/ fetches from ${shown}, the configuration says ${maskedSetting('source.git', source.git)}`,
      'the next deploy sets the address of the mirror; correct source.git if the other one is right',
    ),
  ]
}

/** A link that the live release has and the next one would not is a file that the application misses. */
function linkRemarks({ linkedFiles, linkedDirs }: Stage, { links }: TreeFacts): Remark[] {
  const configured = [...linkedFiles, ...linkedDirs]
  const unsaid = links.filter(({ path }) => !configured.includes(path))
  const said = links.length - unsaid.length
  return [
    ...(said === 0
      ? []
      : [
          note(
            said === 1
              ? '1 linked file or folder of the live release is configured'
              : `${said} linked files and folders of the live release are configured`,
          ),
        ]),
    ...unsaid.map(({ kind, path }) => {
      const setting = kind === 'file' ? 'linkedFiles' : 'linkedDirs'
      return warning(
        `the live release links ${path} to shared; the next one would not`,
        `add '${path}' to ${setting}, if it is still needed`,
      )
    }),
  ]
}

function noteRemarks({ name }: Stage, { unfinished, closed }: PreflightFacts): Remark[] {
  return [
    ...(unfinished === null
      ? []
      : [
          warning(
            `a run is at work, or died: ${unfinishedText(unfinished)}`,
            `capstan deploy ${name}: it takes the place of one that died`,
          ),
        ]),
    ...(closed === null
      ? []
      : [warning(`the stage is ${closedText(closed)}`, `capstan unlock ${name} opens it`)]),
  ]
}
