import { Command } from 'commander'
import { UsageError } from '../../kernel/errors.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'

export interface DeployContext {
  readonly session: () => Session
  readonly out: Output
}

/** A command on a stage, with what all of them share. */
export function stageCommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument('<stage>', 'as named under deploy.stages in the configuration')
  return withStageFlags(command).option('--json', 'answer with one JSON document')
}

/** The options that choose hosts and settings of a stage. */
export function withStageFlags(command: Command): Command {
  return command
    .option('--hosts <names>', 'only these of its hosts, with commas between them', commas)
    .option('--roles <names>', 'only hosts that have one of these roles', commas)
    .option(
      '--set <path=value>',
      'a setting in place of the configured one, such as keep=3; repeatable',
      setting,
    )
}

function commas(words: string): string[] {
  return words.split(',').filter(Boolean)
}

function setting(word: string, settings: Record<string, unknown> = {}): Record<string, unknown> {
  const at = word.indexOf('=')
  if (at < 1) throw new UsageError('options.invalid', `--set ${word}: expected PATH=VALUE, such as keep=3`)
  return { ...settings, [word.slice(0, at)]: jsonOrText(word.slice(at + 1)) }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
