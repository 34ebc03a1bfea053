/** One line of `revisions.log`. It has no date but the release's name. */
export type RevisionLogEntry =
  | {
      readonly kind: 'deploy'
      readonly branch: string
      /** Empty where Capistrano did not know it. */
      readonly revision: string
      readonly release: string
      readonly by: string
    }
  | { readonly kind: 'rollback'; readonly release: string; readonly by: string }

const DEPLOY = /^Branch (.*) \(at (\S*)\) deployed as release (\d{14}) by (.*)$/
const ROLLBACK = /^(.*) rolled back to release (\d{14})$/

/** The line as Capistrano 3 writes it, without its line end. */
export function revisionLogLine(entry: RevisionLogEntry): string {
  const by = oneLine(entry.by)
  return entry.kind === 'rollback'
    ? `${by} rolled back to release ${entry.release}`
    : `Branch ${oneLine(entry.branch)} (at ${entry.revision}) deployed as release ${entry.release} by ${by}`
}

/** What a line says; null for one in another language or form, which Capistrano's settings allow. */
export function parseRevisionLogLine(line: string): RevisionLogEntry | null {
  const [deploy, branch, revision, release, by] = DEPLOY.exec(line) ?? []
  if (deploy !== undefined)
    return { kind: 'deploy', branch: branch!, revision: revision!, release: release!, by: by! }
  const [rollback, who, to] = ROLLBACK.exec(line) ?? []
  return rollback === undefined ? null : { kind: 'rollback', release: to!, by: who! }
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}
