/** Folders at the top of the checkout whose paths the documents name. What is built is not there to be checked. */
const TOP = ['src', 'test', 'bin', 'docs', 'bench', 'examples', '.ci']

/** Folders below src/; the documents name files in them without `src/`. */
const BELOW_SRC = ['kernel', 'job', 'store', 'client', 'admin', 'worker', 'config', 'testing', 'cli']

/** The targets of links to files, without their anchors. Links to other sites and within the page are left out. */
export function linksIn(markdown: string): string[] {
  const links = [...proseOf(markdown).matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1]!)
  return links
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
    .map((link) => decodeURIComponent(link.replace(/#.*/, '')))
    .filter((link) => link !== '')
}

/**
 * What stands in backticks and looks like a path of the repository: `src/job/cron.ts`, `job/cron.ts`, `bin/test`, `docs/guides/`.
 * In a command each word is looked at. Patterns and placeholders (`src/**`, `bin/test FILE`, `docs/NAME.md`) are not paths.
 */
export function pathsIn(markdown: string): string[] {
  const spans = [...proseOf(markdown).matchAll(/`([^`\n]+)`/g)].flatMap((match) => match[1]!.split(/\s+/))
  const paths = spans.map((word) => word.replace(/(:\d+)+$/, '')).filter(looksLikePath)
  return [...new Set(paths)]
}

function looksLikePath(word: string): boolean {
  if (!/^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(word) || /(^|\/|[-_.])[A-Z]+([-_.]|\/|$)/.test(word)) return false
  const [first, ...rest] = word.split('/')
  if (rest.length === 0) return false
  if (TOP.includes(first!)) return true
  return BELOW_SRC.includes(first!) && /(\.ts|\/)$/.test(word)
}

/** Without fenced blocks: those show files of the reader's, and output. */
function proseOf(markdown: string): string {
  return markdown.replace(/^( *)(`{3,}|~{3,})[\s\S]*?^ *\2 *$/gm, '')
}
