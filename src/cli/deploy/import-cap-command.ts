import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { configText } from '../../deploy/capistrano/config-text.ts'
import { type CapistranoImport, importCapistrano } from '../../deploy/capistrano/import-capistrano.ts'
import type { Remark } from '../../deploy/capistrano/remark.ts'
import { UsageError } from '../../kernel/errors.ts'
import { EXIT, type Output, printable, writeJson } from '../output.ts'

const FILE = 'capstan.config.ts'

const ABOUT = `
Reads Capfile, config/deploy.rb, config/deploy/*.rb and Gemfile.lock, without running Ruby. What is code, and what
changes its meaning, is listed with its file and line; first that for which hosts are missing from the configuration.
On the hosts nothing is changed.

Exit codes: 0 done, see to what is listed · 2 nothing was written · 3 written, or shown, but hosts are missing from it

Examples:
  $ capstan import-cap
  $ capstan import-cap ../shop --print`

/** `capstan import-cap [DIR]`: a configuration from the files of Capistrano. */
export function importCapCommand({ out }: { readonly out: Output }): Command {
  return new Command('import-cap')
    .description('write capstan.config.ts from the Capistrano files of a project')
    .argument('[directory]', 'of the project', '.')
    .option('--print', 'show the configuration and write nothing')
    .option('--json', 'answer with one JSON document')
    .addHelpText('after', ABOUT)
    .action(async (directory: string, { print }: { print?: boolean }, command: Command) => {
      if (command.optsWithGlobals<{ json?: boolean }>().json) out.json = true
      const imported = await importCapistrano(directory)
      const path = join(directory, FILE)
      if (!print) await writeNew(path, configText(imported.config, imported.remarks))
      if (out.json) writeJson(out, { written: print ? null : path, ...imported })
      else if (print) showText(out, imported)
      else out.write(`wrote ${printable(path)}`)
      if (!out.json) noteRemarks(out, imported)
      if (missing(imported).length > 0) out.exitCode = EXIT.notReady
    })
}

/** What a deploy would leave on old code. */
function missing({ remarks }: CapistranoImport): readonly Remark[] {
  return remarks.filter(({ hostsMissing }) => hostsMissing)
}

function showText(out: Output, { config, remarks }: CapistranoImport): void {
  for (const line of configText(config, remarks).trimEnd().split('\n')) out.write(printable(line))
}

function noteRemarks(out: Output, imported: CapistranoImport): void {
  for (const { at, text } of imported.remarks) out.note(printable(`${at}: ${text}`))
  const isComplete = missing(imported).length === 0
  const steps = [
    ...(isComplete ? [] : [`write the hosts that are missing into ${FILE}`]),
    ...(imported.remarks.length === 0 ? [] : ['see to the lines above']),
    'capstan config STAGE',
  ]
  out.note(`next: ${steps.join(', then ')}`)
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new UsageError(
      'config.exists',
      `${path} is there already and was left as it is; see the new one with --print`,
    )
  }
}
