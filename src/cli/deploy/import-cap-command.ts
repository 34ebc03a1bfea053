import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { configText } from '../../deploy/capistrano/config-text.ts'
import { type CapistranoImport, importCapistrano } from '../../deploy/capistrano/import-capistrano.ts'
import { UsageError } from '../../kernel/errors.ts'
import { type Output, printable, writeJson } from '../output.ts'

const FILE = 'capstan.config.ts'

const ABOUT = `
Reads Capfile, config/deploy.rb, config/deploy/*.rb and Gemfile.lock, without running Ruby. What is code, and what
changes its meaning, is listed with its file and line. On the hosts nothing is changed.

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
      if (!print) await writeNew(path, configText(imported.config))
      if (out.json) writeJson(out, { written: print ? null : path, ...imported })
      else if (print) showText(out, imported)
      else out.write(`wrote ${printable(path)}`)
      if (!out.json) noteRemarks(out, imported)
    })
}

function showText(out: Output, { config }: CapistranoImport): void {
  for (const line of configText(config).trimEnd().split('\n')) out.write(printable(line))
}

function noteRemarks(out: Output, { remarks }: CapistranoImport): void {
  for (const { at, text } of remarks) out.note(printable(`${at}: ${text}`))
  out.note(
    remarks.length === 0
      ? 'next: capstan config STAGE'
      : 'next: see to the lines above, then capstan config STAGE',
  )
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
